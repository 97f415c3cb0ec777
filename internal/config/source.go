package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFileSize bounds configuration and secret files.
const maxFileSize = 4 << 20

// fileNames are looked for in a directory, in this order.
func fileNames() []string { return []string{"config.json", "config.yaml", "config.yml"} }

// searchDirs are the directories a configuration file is looked for in when
// none is named. Ours come before the reference's, so that a machine that has
// both is configured by ours.
func searchDirs(lookup func(string) string) []string {
	dirs := []string{"."}
	if xdg := lookup("XDG_CONFIG_HOME"); filepath.IsAbs(xdg) {
		dirs = append(dirs, filepath.Join(xdg, "signalbox"))
	}
	return append(dirs, "/etc/signalbox", "/usr/local/etc/semaphore", "/etc/semaphore")
}

// findFile returns the configuration file to read, "" for none. A file that was
// named must exist; a directory that was named must hold one.
func findFile(named string, dirs []string) (string, error) {
	if named != "" {
		info, err := os.Stat(named)
		if err != nil {
			return "", plainFileError(err)
		}
		if !info.IsDir() {
			return named, nil
		}
		found, err := fileIn(named)
		if err == nil && found == "" {
			return "", fmt.Errorf("the directory holds none of %s", strings.Join(fileNames(), ", "))
		}
		return found, err
	}
	for _, dir := range dirs {
		if found, err := fileIn(dir); found != "" || err != nil {
			return found, err
		}
	}
	return "", nil
}

func fileIn(dir string) (string, error) {
	for _, name := range fileNames() {
		candidate := filepath.Join(dir, name)
		info, err := os.Stat(candidate)
		switch {
		case err == nil && !info.IsDir():
			return candidate, nil
		case errors.Is(err, os.ErrPermission):
			return "", fmt.Errorf("%s: %w", candidate, plainFileError(err))
		}
	}
	return "", nil
}

// plainFileError drops the operation and the path of a file error: the message
// it becomes part of names the file already.
func plainFileError(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainFileError(err)
	}
	defer func() { _ = f.Close() }() // read-only
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, plainFileError(err)
	}
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("larger than %d MiB", maxFileSize>>20)
	}
	return data, nil
}

// decodeFile reads the content of a configuration file: by the extension of its
// name, or JSON and then YAML when that tells nothing.
func decodeFile(name string, data []byte) (map[string]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	var value any
	var err error
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		value, err = decodeJSON(data)
	case ".yaml", ".yml":
		value, err = decodeYAML(data)
	default:
		if value, err = decodeJSON(data); err != nil {
			value, err = decodeYAML(data)
		}
	}
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("expected an object of options")
	}
	return object, nil
}

// maxDepth bounds the nesting of a file.
const maxDepth = 64

var errTooDeep = errorText("nested too deeply")

// decodeJSON reads one JSON value. Scalars become their text, and a key given
// twice is an error: encoding/json would silently take the last.
func decodeJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	fail := func(err error) error {
		at := min(int(decoder.InputOffset()), len(data))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = min(int(syntax.Offset), len(data))
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:at], []byte("\n")), err)
	}
	value, err := jsonValue(decoder, 0)
	if err != nil {
		return nil, fail(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fail(errors.New("text after the end of the value"))
	}
	return value, nil
}

func jsonValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			items := []any{}
			for decoder.More() {
				item, err := jsonValue(decoder, depth+1)
				if err != nil {
					return nil, err
				}
				items = append(items, item)
			}
			_, err := decoder.Token()
			return items, err
		}
		object := make(map[string]any)
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			key, _ := name.(string) // the decoder refuses other keys
			if _, twice := object[key]; twice {
				return nil, fmt.Errorf("%q is given twice", key)
			}
			if object[key], err = jsonValue(decoder, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := decoder.Token()
		return object, err
	case json.Number:
		return token.String(), nil
	case bool:
		return fmt.Sprint(token), nil
	case nil:
		return nil, nil
	}
	return token, nil
}

// decodeYAML reads one YAML document. Scalars keep the text they were written
// with, so that a version such as 1.10 does not turn into 1.1.
func decodeYAML(data []byte) (any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, errorText(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	budget := 100_000 // nodes after following aliases
	return yamlValue(document.Content[0], 0, &budget)
}

func yamlValue(node *yaml.Node, depth int, budget *int) (any, error) {
	if *budget--; depth > maxDepth || *budget < 0 {
		return nil, errTooDeep
	}
	switch node.Kind {
	case yaml.AliasNode:
		return yamlValue(node.Alias, depth+1, budget)
	case yaml.ScalarNode:
		if node.ShortTag() == "!!null" {
			return nil, nil
		}
		return node.Value, nil
	case yaml.SequenceNode:
		items := []any{}
		for _, child := range node.Content {
			item, err := yamlValue(child, depth+1, budget)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	case yaml.MappingNode:
		object := make(map[string]any)
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i]
			if name.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: a key must be a text", name.Line)
			}
			if _, twice := object[name.Value]; twice {
				return nil, fmt.Errorf("line %d: %q is given twice", name.Line, name.Value)
			}
			value, err := yamlValue(node.Content[i+1], depth+1, budget)
			if err != nil {
				return nil, err
			}
			object[name.Value] = value
		}
		return object, nil
	}
	return nil, fmt.Errorf("line %d: unexpected content", node.Line)
}
