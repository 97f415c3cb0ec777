// Command record makes testdata/exchanges.json, which the test of this directory
// replays, of a recording of the reference and of testdata/differences.json. It
// runs in test/compat:
//
//	go run ./record path/to/recording.json
//
// The recording is a list of {group, name, note?, request{method, path, headers,
// body}, response{status, headers, body}}. It is not part of the repository;
// what the replay needs of it is kept: requests, and the status and the shape of
// answers, but no values.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

type recorded struct {
	Group, Name string
	Request     struct {
		Method, Path string
		Headers      map[string]string
		Body         any
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    any
	}
}

// exchange is an entry of exchanges.json, in the order that files show.
type exchange struct {
	Group   string            `json:"group"`
	Name    string            `json:"name"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	As      string            `json:"as,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
	Status  int               `json:"status"`
	Ours    int               `json:"ours,omitempty"`
	Why     string            `json:"why,omitempty"`
	Members []string          `json:"members,omitempty"`
	Reorder bool              `json:"reordered,omitempty"`
	With    []string          `json:"contains,omitempty"`
	Without []string          `json:"without,omitempty"`
	Error   string            `json:"error,omitempty"`
	Type    string            `json:"type,omitempty"`
	Text    string            `json:"text,omitempty"`
	Shape   any               `json:"shape,omitempty"`
	IDs     [][2]any          `json:"ids,omitempty"`
}

// differences is what people write: what is left out, by group or by
// "group: name", and where the answer is meant to differ.
type differences struct {
	Groups    map[string]string `json:"groups_left_out"`
	Exchanges map[string]string `json:"exchanges_left_out"`
	Differ    map[string]struct {
		Status int
		// As is whom the request is sent for instead.
		As string
		// Members are those, with dots, that our answer leaves out on purpose, or
		// that have another value.
		Members []string
		// Reordered says that our order is another one.
		Reordered bool
		// Contains and Without are texts that our answer has, or does not have.
		Contains, Without []string
		// Shapeless says that the answer is another object altogether.
		Shapeless bool
		Why       string
	} `json:"differ"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: go run ./record path/to/recording.json")
	}
	var all []recorded
	if err := read(args[0], &all); err != nil {
		return err
	}
	var d differences
	if err := read("testdata/differences.json", &d); err != nil {
		return err
	}
	list, err := convert(all, d)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(list); err != nil {
		return err
	}
	if err := os.WriteFile("testdata/exchanges.json", out.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%d of %d exchanges, %d of them answered otherwise on purpose\n", len(list), len(all), len(d.Differ))
	return writeTables(all, list, d)
}

// writeTables brings the tables of README.md, between two marks, up to date.
func writeTables(all []recorded, list []exchange, d differences) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Of %d recorded exchanges %d are replayed; %d of these are answered otherwise on purpose, and %d are left out.\n\n",
		len(all), len(list), len(d.Differ), len(all)-len(list))
	b.WriteString("### Left out\n\n| What | Exchanges | Why |\n|---|---|---|\n")
	counts, order := map[string]int{}, []string{}
	for _, r := range all {
		for key, m := range map[string]map[string]string{r.Group: d.Groups, r.Group + ": " + r.Name: d.Exchanges} {
			if _, out := m[key]; out {
				if counts[key] == 0 {
					order = append(order, key)
				}
				counts[key]++
			}
		}
	}
	for _, key := range order {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", key, counts[key], d.Groups[key]+d.Exchanges[key])
	}
	b.WriteString("\n### Intended differences\n\n| Exchange | There | Here | Why |\n|---|---|---|---|\n")
	for _, e := range list {
		if e.Why == "" {
			continue
		}
		there, here := fmt.Sprint(e.Status), e.Status
		if e.Status == 0 {
			there = "no answer"
		}
		if e.Ours != 0 {
			here = e.Ours
		}
		fmt.Fprintf(&b, "| %s: %s | %s | %d | %s |\n", e.Group, e.Name, there, here, e.Why)
	}
	data, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	const begin, end = "<!-- tables: written by record -->\n", "<!-- end of tables -->\n"
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("README.md has no marks for the tables")
	}
	return os.WriteFile("README.md", []byte(before+begin+b.String()+end+after), 0o644)
}

func read(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// convert keeps what is in scope, and fails when a difference is about nothing.
func convert(all []recorded, d differences) ([]exchange, error) {
	unused := map[string]bool{}
	for _, m := range []map[string]string{d.Groups, d.Exchanges} {
		for key := range m {
			unused[key] = true
		}
	}
	for key := range d.Differ {
		unused[key] = true
	}
	var list []exchange
	for _, r := range all {
		key := r.Group + ": " + r.Name
		_, group := d.Groups[r.Group]
		_, one := d.Exchanges[key]
		delete(unused, r.Group)
		delete(unused, key)
		if group || one {
			continue
		}
		e := exchange{Group: r.Group, Name: r.Name, Method: r.Request.Method, Path: r.Request.Path, Body: r.Request.Body, Status: r.Response.Status}
		e.As, e.Headers = actor(r.Request.Headers)
		if e.Body == "" {
			e.Body = nil
		}
		differ, meant := d.Differ[key]
		if meant {
			e.Why, e.Members, e.Reorder, e.With, e.Without = differ.Why, differ.Members, differ.Reordered, differ.Contains, differ.Without
			if differ.As != "" {
				e.As, e.Headers = differ.As, nil
			}
			if differ.Status != e.Status {
				e.Ours = differ.Status
			}
		}
		if e.Ours == 0 {
			e.Type, e.Text = plain(r)
		}
		ok := e.Status < 300 && (e.Ours == 0 || e.Ours < 300)
		switch body := r.Response.Body.(type) {
		case map[string]any, []any:
			// Clients read these words; other texts of errors are for people.
			if object, isObject := body.(map[string]any); isObject && e.Status >= 400 {
				if text, _ := object["error"].(string); text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
					e.Error = text
				}
			}
			if ok {
				e.IDs = ids(r.Response.Body)
				if !differ.Shapeless {
					e.Shape = shape(r.Response.Body, false)
				}
			}
		}
		list = append(list, e)
	}
	for key := range unused {
		return nil, fmt.Errorf("differences.json names %q, which the recording does not have", key)
	}
	return list, nil
}

// plain returns the type of an answer that is no JSON, and its text where it is a
// fixed one.
func plain(r recorded) (mediaType, text string) {
	types := strings.Split(r.Response.Headers["content-type"], " || ")
	mediaType, _, _ = strings.Cut(types[len(types)-1], ";") // the one that counts comes last
	if mediaType == "application/json" {
		return "", ""
	}
	if body, ok := r.Response.Body.(string); ok && mediaType == "text/plain" && len(body) <= 16 && !strings.HasPrefix(body, "<") {
		text = body
	}
	return mediaType, text
}

// actor takes the one out of the headers whose token is used.
func actor(headers map[string]string) (string, map[string]string) {
	rest := map[string]string{}
	as := ""
	for k, v := range headers {
		name, ok := strings.CutPrefix(v, "Bearer <token of ")
		if k == "Authorization" && ok && len(headers) == 1 {
			as = strings.TrimSuffix(name, ">")
			continue
		}
		if !strings.EqualFold(k, "Content-Type") {
			rest[k] = v
		}
	}
	return as, rest
}

// exact reports whether a member of an answer keeps its value: it says what the
// object is, and does not depend on the server or on how far a task has come.
func exact(member string) bool {
	return slices.Contains([]string{
		"username", "admin", "external", "alert", "pro", "role", "permissions", "slug", "alert_chat", "max_parallel_tasks",
		"name", "title", "type", "position", "hidden", "sort_column", "sort_reverse", "git_url", "git_branch", "inventory", "json", "env",
		"playbook", "app", "description", "start_version", "autorun", "priority", "icon", "color", "dark_color", "active", "tag", "webhook",
		"cron_format", "delete_after_run", "run_at", "auth_method", "auth_header", "searchable", "match_type", "method", "body_data_type",
		"key", "value", "value_source", "variable", "variable_type", "oidc_providers", "login_with_password", "allow_recovery", "object_type", "project_name",
	}, member)
}

// shape replaces values by their types, but for those that are exact: those only
// of objects that are not in a list. Of the objects of a list it keeps the
// members that all of them have, with the types that all of them agree on.
func shape(v any, listed bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, member := range v {
			out[k] = shape(member, listed)
			switch member.(type) {
			case bool, float64, string:
				if !listed && exact(k) {
					out[k] = map[string]any{"=": member}
				}
			}
		}
		return out
	case []any:
		if len(v) == 0 {
			return []any{}
		}
		common := shape(v[0], true)
		for _, other := range v[1:] {
			common = agree(common, shape(other, true))
		}
		return []any{common}
	case bool:
		return "bool"
	case float64:
		return "number"
	case string:
		return "text"
	}
	return "null"
}

func agree(a, b any) any {
	objectA, okA := a.(map[string]any)
	objectB, okB := b.(map[string]any)
	if okA && okB {
		out := map[string]any{}
		for k, member := range objectA {
			if other, ok := objectB[k]; ok {
				out[k] = agree(member, other)
			}
		}
		return out
	}
	if textA, ok := a.(string); ok && textA == b {
		return a
	}
	listA, okA := a.([]any)
	listB, okB := b.([]any)
	if okA && okB {
		if len(listA) == 0 && len(listB) == 0 {
			return []any{}
		}
		if len(listA) == 0 || len(listB) == 0 {
			return "null"
		}
		return []any{agree(listA[0], listB[0])}
	}
	return "null"
}

// ids lists the identifiers of an answer with the names of their objects.
func ids(v any) [][2]any {
	objects, ok := v.([]any)
	if !ok {
		objects = []any{v}
	}
	var out [][2]any
	for _, o := range objects {
		object, ok := o.(map[string]any)
		if !ok {
			continue
		}
		id, ok := object["id"].(float64)
		if !ok {
			continue
		}
		name := ""
		for _, k := range []string{"username", "name", "title"} {
			if text, ok := object[k].(string); ok && text != "" && name == "" {
				name = text
			}
		}
		out = append(out, [2]any{id, name})
	}
	return out
}
