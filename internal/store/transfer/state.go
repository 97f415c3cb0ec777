package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
)

// state is what the marker says: which copy this is and how far it is.
type state struct {
	Format      int              `json:"format"`
	Source      string           `json:"source"` // in words, without secrets
	Fingerprint string           `json:"fingerprint"`
	Steps       map[string]*step `json:"steps"`
}

// step is how far a table, or the links of one, has come.
type step struct {
	After  []string `json:"after,omitempty"` // the last key that is written
	Rows   int64    `json:"rows"`
	Bytes  int64    `json:"bytes"`
	Digest string   `json:"digest"` // of what was read from the source so far
	Done   bool     `json:"done"`
}

const format = 1

func (s *state) encode() (string, error) {
	text, err := json.Marshal(s)
	return string(text), err
}

func decodeState(text string) (*state, error) {
	s := &state{}
	if err := json.Unmarshal([]byte(text), s); err != nil || s.Format != format {
		return nil, fmt.Errorf("the note about the unfinished copy cannot be read; make the destination empty and begin again")
	}
	if s.Steps == nil {
		s.Steps = map[string]*step{}
	}
	return s, nil
}

// encodeKey writes a key so that JSON keeps it, also a text that is not UTF-8.
func encodeKey(key []any) []string {
	out := make([]string, len(key))
	for i, k := range key {
		switch k := k.(type) {
		case int64:
			out[i] = strconv.FormatInt(k, 10)
		case string:
			out[i] = strconv.QuoteToASCII(k)
		}
	}
	return out
}

func decodeKey(texts []string) ([]any, error) {
	var key []any
	for _, text := range texts {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			key = append(key, n)
			continue
		}
		s, err := strconv.Unquote(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no key", text)
		}
		key = append(key, s)
	}
	return key, nil
}

// optionsTable is where the marker is.
func optionsTable() *Table {
	for _, t := range Tables() {
		if t.Name == "options" {
			return t
		}
	}
	panic("transfer: there are no options")
}

// marker returns the marker of a database, "" for none.
func marker(ctx context.Context, b Backend) (text string, err error) {
	// The key before it, and then the first one from there on, would depend on the
	// order of texts; options are few.
	err = each(ctx, b, optionsTable(), nil, func(rows [][]any) error {
		for _, row := range rows {
			if row[0] == MarkerKey {
				text, _ = row[1].(string)
			}
		}
		return nil
	})
	return text, err
}

// Unfinished returns in words of which source a database is an unfinished copy,
// "" when it is none.
func Unfinished(ctx context.Context, b Backend) (source string, err error) {
	text, err := marker(ctx, b)
	if err != nil || text == "" {
		return "", err
	}
	s, err := decodeState(text)
	if err != nil {
		return "another database", nil // of a newer program, say: unfinished all the same
	}
	return s.Source, nil
}
