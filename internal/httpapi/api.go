// Package httpapi serves the HTTP API: it decodes requests, finds out who asks,
// lets authz decide, asks one use case, and encodes the answer. Every route is
// declared once, with its action, and the OpenAPI description is made from the
// same declarations. Rules live in the packages below; JSON shapes in wire.
package httpapi

import (
	"log/slog"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"signalbox/internal/httpapi/wire"
)

// Deps is what the API is made of.
type Deps struct {
	Log     *slog.Logger
	MaxBody int64
}

type api struct {
	huma        huma.API
	mux         *http.ServeMux
	routes      []Route
	errorSchema *huma.Schema
	log         *slog.Logger
	maxBody     int64
}

// newAPI declares the routes without touching the dependencies.
func newAPI(d Deps) *api {
	a := &api{mux: http.NewServeMux(), log: d.Log, maxBody: d.MaxBody}
	config := huma.Config{OpenAPI: &huma.OpenAPI{
		Info: &huma.Info{
			Title: "Signalbox", Version: "1",
			Description: "The HTTP API of Signalbox. Paths, names and status codes are those of Semaphore UI 2.17; docs/api.md lists what goes beyond it.",
		},
		Servers: []*huma.Server{{URL: "/api"}},
		Components: &huma.Components{SecuritySchemes: map[string]*huma.SecurityScheme{
			"cookie": {Type: "apiKey", In: "cookie", Name: "semaphore"},
			"bearer": {Type: "http", Scheme: "bearer"},
		}},
	}}
	a.huma = huma.NewAPI(config, humago.NewAdapter(a.mux, "/api"))
	a.errorSchema = a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Error](), true, "Error")
	a.addRoutes()
	return a
}
