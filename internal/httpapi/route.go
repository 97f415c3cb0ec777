package httpapi

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"signalbox/internal/authz"
)

// Route declares one operation. The action is part of it: a route that names
// none, or one that authz does not know, stops the program at start.
type Route struct {
	Method  string
	Path    string // below /api
	ID      string // operation id, the name clients generate from
	Tag     string
	Summary string
	Doc     string // more than the summary says; "" when that says all
	Action  authz.Action
	// Status is the answer when all went well; 0 means 201 for a POST with a
	// body to return, 204 where nothing is returned, and 200 otherwise.
	Status int
	Query  []Query
	// Media is the content type of the answer, application/json when empty.
	Media string
	// Most bounds a list where the client does not say how much it wants; 0: all.
	Most int
	// BodyOptional: no body at all is as good as an empty object.
	BodyOptional bool
	// MaxBody bounds the body in bytes; 0: as the server does by default.
	MaxBody int64
}

// Query declares a query parameter.
type Query struct {
	Name     string
	Type     string // string, integer or boolean
	Doc      string
	Repeated bool
}

// none stands for "no body".
type none struct{}

// handle registers an operation with a typed request and answer.
func handle[In, Out any](a *api, rt Route, fn func(c *call, in *In) (Out, error)) {
	status := rt.Status
	if status == 0 {
		status = defaultStatus(rt.Method, reflect.TypeFor[Out]())
	}
	rt.Status = status
	empty := reflect.TypeFor[Out]() == reflect.TypeFor[none]()
	list := listingOf(&rt, reflect.TypeFor[Out]())
	if list != nil {
		rt.Query = append(rt.Query[:len(rt.Query):len(rt.Query)], listQuery()...)
	}
	single := rt.Method == http.MethodGet && reflect.TypeFor[Out]().Kind() == reflect.Struct
	stream(a, rt, reflect.TypeFor[Out](), func(c *call, in *In) error {
		out, err := fn(c, in)
		if err != nil {
			return err
		}
		if empty && c.status != 0 {
			c.empty(c.status)
			return nil
		}
		if empty {
			c.empty(status)
			return nil
		}
		if list != nil {
			cut, x, err := list.cut(c, reflect.ValueOf(out))
			if err != nil {
				return err
			}
			x.write(c.w.Header())
			return c.reply(status, cut.Interface())
		}
		if single {
			return c.replyTagged(status, out)
		}
		return c.reply(status, out)
	})
	if single {
		a.readers[rt.Path] = a.serving[rt.ID]
	}
}

// stream registers an operation that writes its answer itself; answer is the
// type that the description shows.
func stream[In any](a *api, rt Route, answer reflect.Type, fn func(c *call, in *In) error) {
	if rt.Status == 0 {
		rt.Status = defaultStatus(rt.Method, answer)
	}
	bodyless := reflect.TypeFor[In]() == reflect.TypeFor[none]()
	a.register(rt, reflect.TypeFor[In](), answer, func(c *call) error {
		var in In
		if !bodyless {
			if err := c.decode(&in, rt.BodyOptional); err != nil {
				return err
			}
		}
		return fn(c, &in)
	})
}

func defaultStatus(method string, answer reflect.Type) int {
	switch {
	case answer == reflect.TypeFor[none]():
		return http.StatusNoContent
	case method == http.MethodPost:
		return http.StatusCreated
	}
	return http.StatusOK
}

var pathParam = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{([a-z_]+)\}`)
})

// pathParams finds the variables of a path.
func pathParams(path string) []string {
	var names []string
	for _, m := range pathParam().FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

// isID tells numeric path variables from texts.
func isID(name string) bool { return strings.HasSuffix(name, "_id") }

// register is the only way into the router.
func (a *api) register(rt Route, in, out reflect.Type, serve func(*call) error) {
	if !rt.Action.Known() {
		panic(fmt.Sprintf("route %s %s names no action", rt.Method, rt.Path))
	}
	if rt.Action.InProject() != strings.HasPrefix(rt.Path, "/project/{project_id}") {
		panic(fmt.Sprintf("route %s %s: action %s does not fit the path", rt.Method, rt.Path, rt.Action))
	}
	ids := pathParams(rt.Path)
	op := &huma.Operation{Method: rt.Method, Path: rt.Path}
	if a.describing {
		op = a.describe(rt, ids, in, out)
		a.huma.OpenAPI().AddOperation(op)
	}
	a.routes = append(a.routes, rt)
	a.serving[rt.ID] = serve
	a.huma.Adapter().Handle(op, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		c := &call{api: a, route: &rt, w: w, r: r}
		if err := a.admit(c, ids); err != nil {
			a.denied(c, err)
			a.fail(w, r, err)
			return
		}
		var err error
		if unsafe(rt.Method) && r.Header.Get("If-Match") != "" {
			err = a.conditional(c, serve)
		} else {
			err = serve(c)
		}
		if err != nil {
			a.denied(c, err)
			a.fail(w, r, err)
		}
	})
}
