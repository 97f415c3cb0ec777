package httpapi

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"signalbox/internal/authz"
)

// tagDocs describes the groups of operations, in the order in which they are shown.
func tagDocs() []*huma.Tag {
	return []*huma.Tag{
		{Name: "system", Description: "The server, its set-up, signing in and out, and the apps it runs"},
		{Name: "users", Description: "Users, what they sign in with, and their own settings"},
		{Name: "projects", Description: "Projects, their members and their activity"},
		{Name: "views", Description: "Named parts of a project's list of templates"},
		{Name: "keys", Description: "Credentials; secrets go in and never come out"},
		{Name: "repositories", Description: "Where templates take their files from"},
		{Name: "host configs", Description: "Sign-ins for what repositories bring along from other hosts"},
		{Name: "inventories", Description: "Which hosts a playbook runs against, and workspaces"},
		{Name: "variable groups", Description: "Variables and secrets that tasks get; the paths say environment"},
		{Name: "templates", Description: "What can be run, and how"},
		{Name: "tasks", Description: "Runs of templates: start, stop, logs and results"},
		{Name: "schedules", Description: "What starts templates by the clock or on new commits"},
		{Name: "integrations", Description: "What starts templates when another system calls"},
		{Name: "runners", Description: "Machines that carry out tasks"},
		{Name: "administration", Description: "Options, unfinished tasks, caches and maintenance, for administrators"},
		{Name: "activity", Description: "What happened, and the audit: who changed what, when and from where"},
		{Name: "backup", Description: "Projects as documents, out and back in"},
		{Name: "roles", Description: "Custom roles and rights on single templates"},
		{Name: "invites", Description: "Invitations to projects"},
	}
}

// pathDocs describes variables of paths whose names do not say it all.
func pathDocs() map[string]string {
	return map[string]string{
		"environment_id": "Number of the variable group",
		"value_id":       "Number of the value that an integration takes out of calls",
		"alias_id":       "Number of the address that an integration is called at",
		"app":            "Name of the app, such as ansible or bash",
		"token":          "The token, or at least its first 8 characters",
		"totp_id":        "Number of the second factor",
	}
}

func pathDoc(name string) string {
	if text := pathDocs()[name]; text != "" {
		return text
	}
	if what, ok := strings.CutSuffix(name, "_id"); ok {
		return "Number of the " + strings.ReplaceAll(what, "_", " ")
	}
	return "Name of the " + strings.ReplaceAll(name, "_", " ")
}

// failure is a way in which operations fail.
type failure struct {
	status    int
	name, doc string
}

func failures() []failure {
	return []failure{
		{http.StatusBadRequest, "BadRequest", "Something in the request is wrong, or the object is in use; field names what, nothing was changed"},
		{http.StatusUnauthorized, "Unauthorized", "Nobody is signed in, or the operation is not for this user"},
		{http.StatusForbidden, "Forbidden", "The role, the token or the site that the request comes from does not allow it"},
		{http.StatusNotFound, "NotFound", "There is no such object, or the caller may not know of it"},
		{http.StatusConflict, "Conflict", "The state of the object does not allow it now"},
		{http.StatusPreconditionFailed, "PreconditionFailed", "The object was changed since it was read; If-Match names another version"},
		{http.StatusRequestEntityTooLarge, "TooLarge", "The request, or a value in it, is larger than the server takes"},
		{http.StatusTooManyRequests, "TooManyRequests", "Too many attempts; Retry-After says in how many seconds to try again"},
		{http.StatusBadGateway, "BadGateway", "Another service did not do what it was asked for; channels names which, the others did"},
		{http.StatusServiceUnavailable, "Unavailable", "The database or the disk does not take it now; nothing was changed"},
	}
}

// ownFailures are failures of single operations that their declaration does not
// tell.
func ownFailures() map[string][]int {
	return map[string][]int{
		"login":         {http.StatusUnauthorized},
		"verify":        {http.StatusUnauthorized},
		"recover":       {http.StatusUnauthorized},
		"completeSetup": {http.StatusConflict},

		"testNotifications":      {http.StatusBadGateway},
		"loginByMail":            {http.StatusNotFound},
		"resendMailedCode":       {http.StatusUnauthorized, http.StatusNotFound, http.StatusTooManyRequests},
		"changeRequiredPassword": {http.StatusUnauthorized, http.StatusConflict},
		"enrolRequiredFactor":    {http.StatusUnauthorized, http.StatusConflict},
	}
}

// fails tells which failures a route can have, beyond those of every server.
func (rt Route) fails(hasBody bool) []int {
	codes := append([]int{http.StatusServiceUnavailable}, ownFailures()[rt.ID]...)
	if rt.Action != authz.Public {
		codes = append(codes, http.StatusUnauthorized)
	}
	changes := unsafe(rt.Method)
	if changes || rt.Action != authz.Public {
		codes = append(codes, http.StatusForbidden)
	}
	if len(pathParams(rt.Path)) > 0 {
		codes = append(codes, http.StatusBadRequest, http.StatusNotFound)
	}
	if changes || len(rt.Query) > 0 {
		codes = append(codes, http.StatusBadRequest)
	}
	if slices.ContainsFunc(rt.Query, func(q Query) bool { return isID(q.Name) }) {
		codes = append(codes, http.StatusNotFound)
	}
	if hasBody {
		// Bodies name other objects, and secrets in them can be guessed at.
		codes = append(codes, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests)
	}
	if changes && rt.Action != authz.Public {
		codes = append(codes, http.StatusConflict, http.StatusPreconditionFailed)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// describeFailures adds what operations refer to when they fail.
func (a *api) describeFailures() {
	doc := a.huma.OpenAPI()
	doc.Components.Responses = map[string]*huma.Response{}
	for _, f := range failures() {
		body := map[string]any{"error": f.doc, "request_id": "9f86d081884c7d65"}
		if f.status == http.StatusBadRequest {
			body["error"], body["field"] = "must not be empty", "name"
		}
		r := &huma.Response{Description: f.doc, Content: map[string]*huma.MediaType{jsonType: {Schema: a.errorSchema, Example: body}}}
		if f.status == http.StatusTooManyRequests || f.status == http.StatusServiceUnavailable {
			r.Headers = map[string]*huma.Param{"Retry-After": {Description: "Seconds until it makes sense to try again", Schema: &huma.Schema{Type: huma.TypeInteger}}}
		}
		doc.Components.Responses[f.name] = r
	}
}

// describe builds the OpenAPI operation of a route.
func (a *api) describe(rt Route, params []string, in, out reflect.Type) *huma.Operation {
	registry := a.huma.OpenAPI().Components.Schemas
	op := &huma.Operation{
		OperationID: rt.ID, Method: rt.Method, Path: rt.Path, Summary: rt.Summary, Description: rt.Doc,
		Tags: []string{rt.Tag}, Responses: map[string]*huma.Response{},
		Extensions: map[string]any{"x-action": string(rt.Action)},
	}
	if rt.Action != authz.Public {
		op.Security = []map[string][]string{{"cookie": {}}, {"bearer": {}}}
	}
	for _, name := range params {
		schema := &huma.Schema{Type: huma.TypeString}
		if isID(name) {
			schema = &huma.Schema{Type: huma.TypeInteger, Format: "int64"}
		}
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Description: pathDoc(name), Schema: schema})
	}
	for _, q := range rt.Query {
		schema := &huma.Schema{Type: q.Type}
		if q.Repeated {
			schema = &huma.Schema{Type: huma.TypeArray, Items: schema}
		}
		op.Parameters = append(op.Parameters, &huma.Param{Name: q.Name, In: "query", Description: q.Doc, Schema: schema})
	}
	hasBody := in != reflect.TypeFor[none]()
	if hasBody {
		op.RequestBody = &huma.RequestBody{
			Required: !rt.BodyOptional,
			Content:  map[string]*huma.MediaType{jsonType: {Schema: registry.Schema(in, true, rt.ID+"Request")}},
		}
	}
	answer := &huma.Response{Description: http.StatusText(rt.Status)}
	media := rt.Media
	if media == "" {
		media = jsonType
	}
	if out != reflect.TypeFor[none]() {
		answer.Content = map[string]*huma.MediaType{media: {Schema: registry.Schema(out, true, rt.ID+"Response")}}
	}
	if slices.ContainsFunc(rt.Query, func(q Query) bool { return q.Name == "format" }) {
		answer.Content[linesType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses[fmt.Sprint(rt.Status)] = answer
	if rt.Method == http.MethodGet && rt.Action != authz.Public && media == jsonType {
		op.Responses[fmt.Sprint(http.StatusNotModified)] = &huma.Response{Description: "The version that If-None-Match names is the present one"}
	}
	if rt.ID == "verify" {
		op.Responses[fmt.Sprint(http.StatusNoContent)] = &huma.Response{Description: "Signed in"}
	}
	for _, code := range rt.fails(hasBody) {
		for _, f := range failures() {
			if f.status == code {
				op.Responses[fmt.Sprint(code)] = &huma.Response{Ref: "#/components/responses/" + f.name}
			}
		}
	}
	op.Responses["default"] = &huma.Response{
		Description: "Failure",
		Content:     map[string]*huma.MediaType{jsonType: {Schema: a.errorSchema}},
	}
	return op
}
