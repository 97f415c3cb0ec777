package audit

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"

	"signalbox/internal/domain"
)

// longest is how much of a value is kept, in bytes.
const longest = 2000

// secret are the fields of entities whose values must not be seen, even sealed
// or hashed.
func secret(field string) bool {
	switch field {
	case "Ciphertext", "PasswordHash", "TokenHash", "RegistrationHash", "Secret", "Password", "Hash", "Alias":
		return true
	}
	return false
}

// Changes compares two values of one struct type and returns the fields that
// differ, by their names in Go, as a JSON object: {"Name":{"old":"a","new":"b"}}.
// With only one of the two, its fields that are not zero. Secret fields are
// {"secret":true}. It is absent when nothing differs.
func Changes(before, after any) (domain.JSON, error) {
	b, a := reflect.ValueOf(before), reflect.ValueOf(after)
	typ := b
	if !b.IsValid() {
		typ = a
	}
	if !typ.IsValid() {
		return nil, nil
	}
	if !b.IsValid() {
		b = reflect.Zero(a.Type())
	}
	if !a.IsValid() {
		a = reflect.Zero(b.Type())
	}
	var out bytes.Buffer
	for i := range typ.NumField() {
		field := typ.Type().Field(i)
		was, is := b.Field(i).Interface(), a.Field(i).Interface()
		if field.Name == "ID" || reflect.DeepEqual(was, is) {
			continue
		}
		out.WriteByte("{,"[min(out.Len(), 1)])
		name, err := json.Marshal(field.Name)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		if secret(field.Name) {
			out.WriteString(`{"secret":true}`)
			continue
		}
		pair, err := json.Marshal(struct {
			Old any `json:"old"`
			New any `json:"new"`
		}{short(was), short(is)})
		if err != nil {
			return nil, err
		}
		out.Write(pair)
	}
	if out.Len() == 0 {
		return nil, nil
	}
	out.WriteByte('}')
	return domain.JSON(out.Bytes()), nil
}

// short bounds what is kept of a value; one that is cut becomes a text.
func short(value any) any {
	text, isText := value.(string)
	if !isText {
		doc, err := json.Marshal(value)
		if err != nil || len(doc) <= longest {
			return value
		}
		text = string(doc)
	}
	if len(text) <= longest {
		return value
	}
	cut := longest
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strings.ToValidUTF8(text[:cut], "\ufffd") + "…"
}
