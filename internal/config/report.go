package config

import (
	"fmt"
	"slices"
	"strings"
)

// Report tells how a configuration came to be.
type Report struct {
	File     string // the file that was read, "" when there was none
	Warnings []string
	// SecretVariables are variables that hold secrets: they must not be passed
	// on to the processes the server starts.
	SecretVariables []string
	Values          []Value

	origins map[string]string
}

// Value is one effective setting.
type Value struct {
	Key    string
	Text   string // "***" for a secret that is set
	Origin string // "default", a file, a variable or a flag
}

func (r *Report) fill(c *Config, table []option) {
	for _, opt := range table {
		f := opt.field(c)
		if _, never := f.(refused); never {
			continue
		}
		origin := r.origins[opt.key]
		if origin == "" {
			origin = "default"
		}
		r.Values = append(r.Values, Value{Key: opt.key, Text: display(f.get()), Origin: origin})
	}
}

// Schema returns the JSON schema of a configuration file.
func Schema() map[string]any {
	root := map[string]any{
		"$schema":    "https://json-schema.org/draft/2020-12/schema",
		"title":      "Signalbox configuration",
		"type":       "object",
		"properties": map[string]any{},
	}
	base := defaults()
	for _, opt := range options("") {
		f := opt.field(base)
		if _, never := f.(refused); never {
			continue
		}
		node := f.schema()
		node["description"] = strings.ReplaceAll(opt.doc, "`", "")
		if opt.secret {
			node["writeOnly"] = true
			put(root, opt.key+"_file", map[string]any{
				"type": "string", "description": "File that holds the value of " + opt.key + ".",
			})
		} else if text := display(f.get()); text != "" {
			node["default"] = f.get()
		}
		put(root, opt.key, node)
	}
	return root
}

// put places the schema of a dotted key.
func put(node map[string]any, key string, value map[string]any) {
	head, rest, nested := strings.Cut(key, ".")
	properties := node["properties"].(map[string]any) // every node put makes has them
	if !nested {
		properties[head] = value
		return
	}
	child, ok := properties[head].(map[string]any)
	if !ok {
		child = map[string]any{"type": "object", "properties": map[string]any{}}
		properties[head] = child
	}
	put(child, rest, value)
}

// Markdown returns the table of settings for the administrator's guide.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| Key | Variable | Form | Default | Meaning |\n|---|---|---|---|---|\n")
	base := defaults()
	for _, opt := range options("") {
		f := opt.field(base)
		if _, never := f.(refused); never {
			continue
		}
		fallback := opt.fallback
		if text := display(f.get()); fallback == "" && text != "" {
			fallback = "`" + text + "`"
		}
		form := f.expects()
		if opt.secret {
			form += "; secret"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", opt.key, opt.env, form, fallback, opt.doc)
	}
	b.WriteString("\nRefused, since leaving them out would run tasks with fewer bounds than their author wants: ")
	var never []string
	for _, opt := range options("") {
		if _, ok := opt.field(base).(refused); ok {
			never = append(never, "`"+opt.key+"`")
		}
	}
	b.WriteString(strings.Join(slices.Compact(never), ", ") + ".\n")
	return b.String()
}
