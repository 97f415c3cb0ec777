package jobproc

import (
	"bytes"
	"encoding/json"

	"signalbox/internal/exec/joblog"
)

// maskJSON hides secrets in the texts and names of a JSON document, which stays
// one: nothing of its structure is taken for a secret.
func maskJSON(m *joblog.Masker, text []byte) []byte {
	if m.Text(string(text)) == string(text) {
		return text // the usual case
	}
	var doc any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&doc) != nil {
		return []byte("null")
	}
	masked, err := json.Marshal(maskValue(m, doc))
	if err != nil {
		return []byte("null")
	}
	return masked
}

func maskValue(m *joblog.Masker, v any) any {
	switch v := v.(type) {
	case string:
		return m.Text(v)
	case []any:
		for i := range v {
			v[i] = maskValue(m, v[i])
		}
	case map[string]any:
		masked := make(map[string]any, len(v))
		for name, value := range v {
			masked[m.Text(name)] = maskValue(m, value)
		}
		return masked
	}
	return v
}
