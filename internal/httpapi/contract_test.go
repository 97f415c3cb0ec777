package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"signalbox/internal/httpapi"
	"signalbox/internal/httpapi/schemadocs"
)

// contract is the description of the API in a form that answers can be held to.
// In it schemas are closed: an answer with a field that is not described is wrong.
type contract struct {
	doc *huma.OpenAPI
	mux *http.ServeMux // finds operations
	ops map[string]*huma.Operation
}

var theContract = sync.OnceValues(func() (*contract, error) {
	doc, err := httpapi.Described()
	if err != nil {
		return nil, err
	}
	c := &contract{doc: doc, mux: http.NewServeMux(), ops: map[string]*huma.Operation{}}
	for where, item := range doc.Paths {
		for method, op := range methods(item) {
			pattern := method + " /api" + where
			c.ops[pattern] = op
			c.mux.Handle(pattern, http.NotFoundHandler())
		}
	}
	for _, s := range doc.Components.Schemas.Map() {
		if len(s.Properties) > 0 && s.AdditionalProperties == nil {
			s.AdditionalProperties = false
		}
	}
	return c, nil
})

func methods(item *huma.PathItem) map[string]*huma.Operation {
	out := map[string]*huma.Operation{}
	for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "HEAD": item.Head, "DELETE": item.Delete} {
		if op != nil {
			out[method] = op
		}
	}
	return out
}

func contractOf(t testing.TB) *contract {
	t.Helper()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// breach says in what an answer is not what the description promises; "" when it
// is. Requests outside of the API keep to no contract.
func (c *contract) breach(r *http.Request, got *httptest.ResponseRecorder) string {
	_, pattern := c.mux.Handler(r)
	op := c.ops[pattern]
	if op == nil || r.Method != strings.Fields(pattern)[0] || got.Code == http.StatusNotFound && got.Body.String() == "Not Found\n" {
		return ""
	}
	answer := op.Responses[fmt.Sprint(got.Code)]
	switch {
	case answer == nil && got.Code >= 500:
		answer = op.Responses["default"]
	case answer == nil:
		return fmt.Sprintf("%s: status %d is not described: %.300s", op.OperationID, got.Code, got.Body)
	case answer.Ref != "":
		answer = c.doc.Components.Responses[strings.TrimPrefix(answer.Ref, "#/components/responses/")]
	}
	if len(answer.Content) == 0 {
		if got.Body.Len() != 0 {
			return fmt.Sprintf("%s: %d has a body, which is not described: %.300s", op.OperationID, got.Code, got.Body)
		}
		return ""
	}
	kind, _, err := mime.ParseMediaType(got.Header().Get("Content-Type"))
	if err != nil {
		return fmt.Sprintf("%s: content type: %v", op.OperationID, err)
	}
	media := answer.Content[kind]
	if media == nil {
		return fmt.Sprintf("%s: %d comes as %s, which is not described", op.OperationID, got.Code, kind)
	}
	if kind != "application/json" || r.Method == http.MethodHead {
		return ""
	}
	if wrong := c.invalid(media.Schema, got.Body.Bytes(), huma.ModeReadFromServer); wrong != "" {
		return fmt.Sprintf("%s: %d %s in %.500s", op.OperationID, got.Code, wrong, got.Body)
	}
	if got.Code >= 400 {
		var e struct{ Error string }
		if json.Unmarshal(got.Body.Bytes(), &e) != nil || e.Error == "" {
			return fmt.Sprintf("%s: %d says nothing: %.300s", op.OperationID, got.Code, got.Body)
		}
	}
	return ""
}

// invalid says what is wrong with a document.
func (c *contract) invalid(s *huma.Schema, data []byte, mode huma.ValidateMode) string {
	dec := json.NewDecoder(bytes.NewReader(data))
	var v any
	if err := dec.Decode(&v); err != nil {
		return err.Error()
	}
	if _, err := dec.Token(); err != io.EOF {
		return "more than one JSON value"
	}
	var res huma.ValidateResult
	huma.Validate(c.doc.Components.Schemas, s, huma.NewPathBuffer([]byte{}, 0), mode, v, &res)
	var words []string
	for _, err := range res.Errors {
		words = append(words, err.Error())
	}
	return strings.Join(words, "; ")
}

// TestContract_IsOneWithTheRoutes compares what is described with what is served.
func TestContract_IsOneWithTheRoutes(t *testing.T) {
	t.Parallel()
	c := contractOf(t)
	served := map[string]bool{}
	for _, rt := range newSite(t).server.Routes() {
		pattern := rt.Method + " /api" + rt.Path
		served[pattern] = true
		if op := c.ops[pattern]; op == nil || op.OperationID != rt.ID {
			t.Errorf("%s is served and not described", pattern)
		}
	}
	for pattern := range c.ops {
		if !served[pattern] {
			t.Errorf("%s is described and not served", pattern)
		}
	}
}

// plain are properties whose names say all there is to say.
func plain() []string {
	return []string{"custom_roles_management", "high_availability", "project_runners", "secret_storage_management",
		"secret_storage_management_ex", "secret_storages", "terraform_backend", "has_active_subscription", "plan", "used"}
}

func TestContract_SaysWhatThingsAre(t *testing.T) {
	t.Parallel()
	c := contractOf(t)
	tags := map[string]bool{}
	for _, tag := range c.doc.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	seen := map[string]string{}
	for pattern, op := range c.ops {
		if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
			t.Errorf("%s: summary %q, want a phrase", pattern, op.Summary)
		}
		if other := seen[op.OperationID]; other != "" {
			t.Errorf("%s and %s are both called %s", pattern, other, op.OperationID)
		}
		seen[op.OperationID] = pattern
		for _, tag := range op.Tags {
			if !tags[tag] {
				t.Errorf("%s: tag %s is not described", pattern, tag)
			}
		}
		for _, p := range op.Parameters {
			if p.Description == "" {
				t.Errorf("%s: parameter %s is not described", pattern, p.Name)
			}
		}
		for code, answer := range op.Responses {
			if answer.Ref != "" && c.doc.Components.Responses[strings.TrimPrefix(answer.Ref, "#/components/responses/")] == nil {
				t.Errorf("%s: answer %s refers to nothing", pattern, code)
			}
		}
	}
	for name, s := range c.doc.Components.Schemas.Map() {
		if s.Description == "" {
			t.Errorf("schema %s is not described: its type has no comment", name)
		}
		if strings.HasPrefix(name, "Backup") {
			continue // the reference's format of documents, told in docs/admin-guide.md
		}
		for property, p := range s.Properties {
			ofSchema := p.Ref != "" || p.Items != nil && p.Items.Ref != ""
			if p.Description == "" && len(p.Enum) == 0 && p.Format != "date-time" && !ofSchema && !slices.Contains(plain(), property) {
				t.Errorf("%s.%s is not described", name, property)
			}
		}
	}
}

func TestContract_ExamplesAreValid(t *testing.T) {
	t.Parallel()
	c := contractOf(t)
	check := func(what string, media *huma.MediaType, mode huma.ValidateMode) {
		if media.Example == nil {
			t.Errorf("%s has no example", what)
			return
		}
		data, err := json.Marshal(media.Example)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if wrong := c.invalid(media.Schema, data, mode); wrong != "" {
			t.Errorf("%s: the example is wrong: %s: %s", what, wrong, data)
		}
	}
	for pattern, op := range c.ops {
		if op.RequestBody != nil {
			check(pattern+" request", op.RequestBody.Content["application/json"], huma.ModeWriteToServer)
		}
		for code, answer := range op.Responses {
			if media := answer.Content["application/json"]; media != nil && code != "default" {
				check(pattern+" "+code, media, huma.ModeReadFromServer)
			}
		}
	}
	for name, answer := range c.doc.Components.Responses {
		check(name, answer.Content["application/json"], huma.ModeReadFromServer)
	}
}

// TestContract_SchemasAreDescribedByTheirTypes fails when comments of types have
// changed since the description was made.
func TestContract_SchemasAreDescribedByTheirTypes(t *testing.T) {
	t.Parallel()
	doc, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(doc, &described); err != nil {
		t.Fatal(err)
	}
	want, err := schemadocs.Source("../..", described.Components.Schemas)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("schemadocs.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("internal/httpapi/schemadocs.go is not what the types say; run: make openapi\n", cmp.Diff(string(want), string(got)))
	}
}
