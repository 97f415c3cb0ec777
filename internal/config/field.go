package config

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are checked on machines that have no zone files

	"signalbox/internal/domain"
)

// A field reads one form of value into its place in a Config. Values are
// string, []any or map[string]any: every scalar keeps the text it was written
// with, whether it came from a file or a variable.
type field interface {
	// set stores the value, or fails without naming it: the caller does that.
	set(value any) error
	// get returns what is stored, for display.
	get() any
	// expects describes the form: "a whole number from 0 to 10".
	expects() string
	// schema is the JSON schema of the form in a file.
	schema() map[string]any
}

// errForm says that a value has not the form its field expects.
var errForm = errors.New("unexpected form")

// emptier is a field for which an empty text in the file means something.
type emptier interface{ acceptsEmpty() }

// unknowner is a field whose objects have known keys of their own.
type unknowner interface{ unknown(value any) []string }

// asText returns a scalar.
func asText(value any) (string, error) {
	s, ok := value.(string)
	if !ok {
		return "", errForm
	}
	return s, nil
}

func typed(name string) map[string]any { return map[string]any{"type": name} }

// text is any text.
type text struct {
	p    *string
	hint string
}

func (f text) set(value any) (err error) { *f.p, err = asText(value); return err }
func (f text) get() any                  { return *f.p }
func (f text) acceptsEmpty()             {}
func (f text) schema() map[string]any    { return typed("string") }
func (f text) expects() string {
	if f.hint != "" {
		return f.hint
	}
	return "text"
}

// path is a name in the file system, "~/" standing for the user's home.
type path struct {
	p    *string
	home string
}

func (f path) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	if rest, ok := strings.CutPrefix(s, "~/"); ok && f.home != "" {
		s = filepath.Join(f.home, rest)
	}
	if strings.ContainsRune(s, 0) {
		return errForm
	}
	*f.p = s
	return nil
}
func (f path) get() any               { return *f.p }
func (f path) expects() string        { return "a path" }
func (f path) schema() map[string]any { return typed("string") }

// whole is a whole number within bounds.
type whole struct {
	p        *int
	min, max int
}

func (f whole) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < f.min || n > f.max {
		return errForm
	}
	*f.p = n
	return nil
}
func (f whole) get() any        { return *f.p }
func (f whole) expects() string { return fmt.Sprintf("a whole number from %d to %d", f.min, f.max) }
func (f whole) schema() map[string]any {
	return map[string]any{"type": []string{"integer", "string"}, "minimum": f.min, "maximum": f.max}
}

// port is a port number, with or without the colon the reference writes.
type port struct{ p *int }

func (f port) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	return whole{f.p, 1, 65535}.set(strings.TrimPrefix(s, ":"))
}
func (f port) get() any {
	if *f.p == 0 {
		return nil // the usual one
	}
	return *f.p
}
func (f port) expects() string { return "a port number from 1 to 65535" }
func (f port) schema() map[string]any {
	return map[string]any{"type": []string{"integer", "string"}}
}

// toggle is yes or no.
type toggle struct{ p *bool }

func (f toggle) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "t", "true", "y", "yes", "on":
		*f.p = true
	case "0", "f", "false", "n", "no", "off":
		*f.p = false
	default:
		return errForm
	}
	return nil
}
func (f toggle) get() any               { return *f.p }
func (f toggle) expects() string        { return "true or false" }
func (f toggle) schema() map[string]any { return map[string]any{"type": []string{"boolean", "string"}} }

// duration is a whole number of units.
type duration struct {
	p        *time.Duration
	unit     time.Duration
	min, max int
}

func (f duration) set(value any) error {
	var n int
	if err := (whole{&n, f.min, f.max}).set(value); err != nil {
		return err
	}
	*f.p = time.Duration(n) * f.unit
	return nil
}
func (f duration) get() any               { return int(*f.p / f.unit) }
func (f duration) expects() string        { return whole{nil, f.min, f.max}.expects() }
func (f duration) schema() map[string]any { return whole{nil, f.min, f.max}.schema() }

// size is a whole number of units of bytes.
type size struct {
	p        *int64
	unit     int64
	min, max int
}

func (f size) set(value any) error {
	var n int
	if err := (whole{&n, f.min, f.max}).set(value); err != nil {
		return err
	}
	*f.p = int64(n) * f.unit
	return nil
}
func (f size) get() any               { return int(*f.p / f.unit) }
func (f size) expects() string        { return whole{nil, f.min, f.max}.expects() }
func (f size) schema() map[string]any { return whole{nil, f.min, f.max}.schema() }

// span is a length of time with its unit, or a number of seconds.
type span struct{ p *time.Duration }

func (f span) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	s = strings.TrimSpace(s)
	if _, err := strconv.Atoi(s); err == nil {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > 0 && d < time.Second {
		return errForm
	}
	*f.p = d
	return nil
}
func (f span) get() any {
	if *f.p == 0 {
		return "0"
	}
	return f.p.String()
}
func (f span) expects() string        { return "a time such as 30m or 1h, or a number of seconds" }
func (f span) schema() map[string]any { return map[string]any{"type": []string{"integer", "string"}} }

// choice is one of a few words.
type choice[T ~string] struct {
	p     *T
	words []string
}

func (f choice[T]) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	for _, w := range f.words {
		if s == w {
			*f.p = T(s)
			return nil
		}
	}
	return errForm
}
func (f choice[T]) get() any { return string(*f.p) }
func (f choice[T]) expects() string {
	if len(f.words) == 1 {
		return f.words[0]
	}
	last := len(f.words) - 1
	return strings.Join(f.words[:last], ", ") + " or " + f.words[last]
}
func (f choice[T]) schema() map[string]any {
	return map[string]any{"type": "string", "enum": f.words}
}

// level is the least severity that is logged.
type level struct{ p *slog.Level }

func (f level) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	switch strings.ToLower(s) {
	case "debug", "trace":
		*f.p = slog.LevelDebug
	case "info":
		*f.p = slog.LevelInfo
	case "warn", "warning":
		*f.p = slog.LevelWarn
	case "error", "fatal", "panic": // the reference knows the last two
		*f.p = slog.LevelError
	default:
		return errForm
	}
	return nil
}
func (f level) get() any               { return strings.ToLower(f.p.String()) }
func (f level) expects() string        { return "debug, info, warn or error" }
func (f level) schema() map[string]any { return typed("string") }

// address is the public URL of the server.
type address struct{ p *string }

func (f address) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	if s == "" {
		*f.p = ""
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errForm
	}
	*f.p = strings.TrimRight(s, "/")
	return nil
}
func (f address) get() any               { return *f.p }
func (f address) acceptsEmpty()          {}
func (f address) expects() string        { return "an address such as https://ci.example.org/path" }
func (f address) schema() map[string]any { return typed("string") }

// sender is an e-mail address, with or without a name.
type sender struct{ p *string }

func (f sender) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	s = strings.TrimSpace(s)
	if _, err := mail.ParseAddress(s); err != nil {
		return errForm
	}
	*f.p = s
	return nil
}
func (f sender) get() any               { return *f.p }
func (f sender) expects() string        { return "an e-mail address such as ci@example.org" }
func (f sender) schema() map[string]any { return typed("string") }

// zone is an IANA time zone.
type zone struct{ p *string }

func (f zone) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return errForm
	}
	*f.p = s
	return nil
}
func (f zone) get() any               { return *f.p }
func (f zone) expects() string        { return "a time zone such as Europe/Berlin" }
func (f zone) schema() map[string]any { return typed("string") }

// key is base64 of a number of bytes; nothing in sizes accepts 16 and more.
type key struct {
	p     *domain.Secret
	sizes []int
}

func (f key) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	s = strings.TrimSpace(s)
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return errForm
	}
	ok := len(f.sizes) == 0 && len(raw) >= 16
	for _, n := range f.sizes {
		ok = ok || len(raw) == n
	}
	if !ok {
		return errForm
	}
	*f.p = domain.Secret(s)
	return nil
}
func (f key) get() any               { return *f.p }
func (f key) schema() map[string]any { return typed("string") }
func (f key) expects() string {
	if len(f.sizes) == 0 {
		return "base64 of 16 bytes or more"
	}
	return "base64 of 16, 24 or 32 bytes"
}

// secretText is any text that is not shown.
type secretText struct{ p *domain.Secret }

func (f secretText) set(value any) error {
	s, err := asText(value)
	if err != nil {
		return err
	}
	*f.p = domain.Secret(s)
	return nil
}
func (f secretText) get() any               { return *f.p }
func (f secretText) expects() string        { return "text" }
func (f secretText) schema() map[string]any { return typed("string") }

// list is a JSON array of texts, or texts separated by commas.
type list struct{ p *[]string }

func (f list) set(value any) error {
	if s, ok := value.(string); ok {
		s = strings.TrimSpace(s)
		if strings.HasPrefix(s, "[") {
			decoded, err := decodeJSON([]byte(s))
			if err != nil {
				return errForm
			}
			value = decoded
		} else {
			parts := []any{}
			for part := range strings.SplitSeq(s, ",") {
				if part = strings.TrimSpace(part); part != "" {
					parts = append(parts, part)
				}
			}
			value = parts
		}
	}
	items, ok := value.([]any)
	if !ok {
		return errForm
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, err := asText(item)
		if err != nil {
			return err
		}
		out = append(out, s)
	}
	*f.p = out
	return nil
}
func (f list) get() any        { return *f.p }
func (f list) acceptsEmpty()   {}
func (f list) expects() string { return "a list of texts, as a JSON array or separated by commas" }
func (f list) schema() map[string]any {
	return map[string]any{"type": []string{"array", "string"}, "items": typed("string")}
}

// asObject accepts an object or, from a variable, the JSON text of one.
func asObject(value any) (map[string]any, error) {
	if s, ok := value.(string); ok {
		decoded, err := decodeJSON([]byte(s))
		if err != nil {
			return nil, errForm
		}
		value = decoded
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errForm
	}
	return object, nil
}

// variables is a map of names to texts that may be secret.
type variables struct{ p *map[string]domain.Secret }

func (f variables) set(value any) error {
	object, err := asObject(value)
	if err != nil {
		return err
	}
	out := make(map[string]domain.Secret, len(object))
	for name, v := range object {
		s, err := asText(v)
		if err != nil || name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(s, 0) {
			return errForm
		}
		out[name] = domain.Secret(s)
	}
	*f.p = out
	return nil
}
func (f variables) get() any        { return *f.p }
func (f variables) expects() string { return "an object of names and texts" }
func (f variables) schema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": map[string]any{
		"type": []string{"string", "number", "boolean"},
	}}
}

// apps is the map of apps by id.
type apps struct{ p *map[string]App }

// appFields are the settings of one app.
func appFields(a *App) map[string]field {
	return map[string]field{
		"active":     optional[bool]{&a.Active, func(p *bool) field { return toggle{p} }},
		"priority":   optional[int]{&a.Priority, func(p *int) field { return whole{p, -1 << 31, 1<<31 - 1} }},
		"title":      optionalText(&a.Title),
		"icon":       optionalText(&a.Icon),
		"color":      optionalText(&a.Color),
		"dark_color": optionalText(&a.DarkColor),
		"path":       optionalText(&a.Path),
		"args":       list{&a.Args},
	}
}

func optionalText(p **string) field {
	return optional[string]{p, func(p *string) field { return text{p: p} }}
}

func (f apps) set(value any) error {
	object, err := asObject(value)
	if err != nil {
		return err
	}
	out := make(map[string]App, len(object))
	for id, v := range object {
		if v == nil {
			continue
		}
		settings, ok := v.(map[string]any)
		if !ok || id == "" {
			return fmt.Errorf("%s: expected an object", id)
		}
		var app App
		for name, into := range appFields(&app) {
			given, ok := settings[name]
			if !ok || given == nil {
				continue
			}
			if err := into.set(given); err != nil {
				return fmt.Errorf("%s.%s: expected %s", id, name, into.expects())
			}
		}
		out[id] = app
	}
	*f.p = out
	return nil
}

func (f apps) unknown(value any) []string {
	object, err := asObject(value)
	if err != nil {
		return nil
	}
	var names []string
	for id, v := range object {
		settings, _ := v.(map[string]any)
		known := appFields(new(App))
		for name := range settings {
			if known[name] == nil {
				names = append(names, id+"."+name)
			}
		}
	}
	sort.Strings(names)
	return names
}

func (f apps) get() any {
	out := make(map[string]any, len(*f.p))
	for id, app := range *f.p {
		settings := make(map[string]any)
		for name, from := range appFields(&app) {
			if v := from.get(); v != nil {
				settings[name] = v
			}
		}
		out[id] = settings
	}
	return out
}
func (f apps) expects() string { return "an object of app ids and their settings" }
func (f apps) schema() map[string]any {
	properties := make(map[string]any)
	for name, from := range appFields(new(App)) {
		properties[name] = from.schema()
	}
	return map[string]any{"type": "object", "additionalProperties": map[string]any{
		"type": "object", "properties": properties,
	}}
}

// optional is a field that tells unset from zero.
type optional[T any] struct {
	p    **T
	make func(*T) field
}

func (f optional[T]) set(value any) error {
	v := new(T)
	if err := f.make(v).set(value); err != nil {
		return err
	}
	*f.p = v
	return nil
}
func (f optional[T]) get() any {
	if *f.p == nil {
		return nil
	}
	return f.make(*f.p).get()
}
func (f optional[T]) expects() string        { return f.make(new(T)).expects() }
func (f optional[T]) schema() map[string]any { return f.make(new(T)).schema() }

// refused is an option that exists in the reference and would change how tasks
// run, so that ignoring it would be unsafe. Off values are fine.
type refused struct{}

func (refused) set(value any) error {
	if s, ok := value.(string); ok {
		switch strings.ToLower(s) {
		case "", "false", "no", "off", "0", "n", "f":
			return nil
		}
	}
	return errors.New("not supported by this version yet; remove it")
}
func (refused) get() any               { return nil }
func (refused) expects() string        { return "nothing: not supported by this version yet" }
func (refused) schema() map[string]any { return map[string]any{} }

// display turns what get returned into text for one line.
func display(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case domain.Secret:
		if v == "" {
			return ""
		}
		return v.String()
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if s := string(data); s != "null" && s != "{}" {
		return s
	}
	return ""
}

// networks is a list of addresses and networks, such as 10.0.0.0/8.
type networks struct{ p *[]netip.Prefix }

func (f networks) set(value any) error {
	var items []string
	if err := (list{&items}).set(value); err != nil {
		return err
	}
	out := make([]netip.Prefix, 0, len(items))
	for _, item := range items {
		network, err := netip.ParsePrefix(item)
		if err != nil {
			address, err := netip.ParseAddr(item)
			if err != nil {
				return errForm
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		out = append(out, network.Masked())
	}
	*f.p = out
	return nil
}
func (f networks) get() any               { return *f.p }
func (f networks) acceptsEmpty()          {}
func (f networks) expects() string        { return "a list of addresses and networks, such as 10.0.0.0/8" }
func (f networks) schema() map[string]any { return (list{}).schema() }
