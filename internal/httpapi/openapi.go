package httpapi

import (
	"bytes"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// OpenAPI returns the description of the API, as it is committed in
// api/openapi.json.
func OpenAPI() ([]byte, error) {
	return newAPI(Deps{}, true).document()
}

func (a *api) document() ([]byte, error) {
	doc := a.huma.OpenAPI()
	for _, s := range doc.Components.Schemas.Map() {
		tidySchema(s)
	}
	for _, path := range doc.Paths {
		for _, op := range operationsOf(path) {
			for _, answer := range op.Responses {
				for _, media := range answer.Content {
					tidySchema(media.Schema)
				}
			}
		}
	}
	a.explain()
	a.exemplify()
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// tidySchema removes what huma assumes and this API does not promise: unknown
// fields are ignored, not refused, and lists are never null unless said so.
func tidySchema(s *huma.Schema) {
	if s == nil {
		return
	}
	if allowed, ok := s.AdditionalProperties.(bool); ok && !allowed {
		s.AdditionalProperties = nil
	}
	if s.Type == huma.TypeArray {
		s.Nullable = s.Extensions["x-nullable"] != nil
	}
	tidySchema(s.Items)
	for _, p := range s.Properties {
		tidySchema(p)
	}
}
