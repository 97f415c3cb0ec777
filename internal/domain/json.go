package domain

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// JSON is a JSON document kept as its text, so that free-form parameters come
// back exactly as they were sent. Empty means absent.
type JSON []byte

// Value stores the document as text, absent as NULL.
func (j JSON) Value() (driver.Value, error) {
	if len(j) == 0 {
		return nil, nil
	}
	return string(j), nil
}

// Scan reads what Value stored.
func (j *JSON) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*j = nil
	case string:
		*j = JSON(v)
	case []byte:
		*j = bytes.Clone(v)
	default:
		return fmt.Errorf("scan JSON from %T", src)
	}
	return nil
}

// MarshalJSON emits the document itself, null when absent.
func (j JSON) MarshalJSON() ([]byte, error) {
	if len(j) == 0 {
		return []byte("null"), nil
	}
	return j, nil
}

// UnmarshalJSON keeps the text of the document.
func (j *JSON) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*j = nil
		return nil
	}
	*j = bytes.Clone(data)
	return nil
}

// Object decodes the document as a JSON object with numbers kept as written.
// An absent document is an empty object.
func (j JSON) Object() (map[string]any, error) {
	return ParseObject(string(j))
}

// ParseObject decodes a text holding a JSON object; numbers are json.Number,
// so 12345678 stays 12345678. Blank text is an empty object.
func ParseObject(text string) (map[string]any, error) {
	if len(bytes.TrimSpace([]byte(text))) == 0 {
		return map[string]any{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fmt.Errorf("want a JSON object, got null")
	}
	if dec.More() {
		return nil, fmt.Errorf("want one JSON object, got more text after it")
	}
	return m, nil
}

// ParseStrings decodes a text holding a JSON array of strings, the form in
// which command-line arguments travel. Blank text is no argument.
func ParseStrings(text string) ([]string, error) {
	if len(bytes.TrimSpace([]byte(text))) == 0 {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	return list, nil
}
