// Package httpapi serves the HTTP API: it decodes requests, finds out who asks,
// lets authz decide, asks one use case, and encodes the answer. Every route is
// declared once, with its action, and the OpenAPI description is made from the
// same declarations. Rules live in the packages below; JSON shapes in wire.
package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/sync/singleflight"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/auth"
	"signalbox/internal/authz"
	"signalbox/internal/catalog"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/job"
	"signalbox/internal/live"
	"signalbox/internal/notify"
	"signalbox/internal/store"
	"signalbox/internal/tasks"
)

// Tasks is what the API asks of the task service.
type Tasks interface {
	Launch(ctx context.Context, actor domain.Actor, p domain.ProjectID, req tasks.Launch) (domain.Task, error)
	Get(ctx context.Context, p domain.ProjectID, id domain.TaskID) (domain.TaskWithTemplate, error)
	Unfinished(ctx context.Context, id domain.TaskID) ([]tasks.Unfinished, error)
	Stats(ctx context.Context, f store.StatsFilter) ([]domain.TaskStat, error)
	List(ctx context.Context, f store.TaskFilter, text string) (list []domain.TaskWithTemplate, older domain.TaskID, err error)
	Stop(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, force bool) error
	Decide(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, confirm bool) error
	StopAll(ctx context.Context, actor domain.Actor, p domain.ProjectID, t domain.TemplateID, force bool) error
	Delete(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID) error
	Explain(ctx context.Context, p domain.ProjectID, id domain.TaskID) (tasks.Explanation, error)
	WaitReasons(ctx context.Context, ids []domain.TaskID) (map[domain.TaskID]string, error)
	Window(ctx context.Context, p domain.ProjectID, id domain.TaskID, page tasks.Page) (tasks.LogPage, error)
	Lines(ctx context.Context, id domain.TaskID, after int64, fn func(tasks.LogLine) error) error
	Search(ctx context.Context, p domain.ProjectID, id domain.TaskID, s tasks.Search) (tasks.SearchResult, error)
	Stages(ctx context.Context, p domain.ProjectID, id domain.TaskID) ([]domain.TaskStage, error)
	AnsibleTotals(ctx context.Context, p domain.ProjectID, id domain.TaskID) (ansibleresult.Totals, *domain.TaskStage, error)
	AnsibleMatrix(ctx context.Context, p domain.ProjectID, id domain.TaskID, f ansibleresult.Filter) (tasks.Matrix, error)
	Results(ctx context.Context, id domain.TaskID, after int64, fn func(tasks.LogLine) error) error
	Rerun(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TaskID, how tasks.Rerun) (domain.Task, error)
	Branches(ctx context.Context, p domain.ProjectID, id domain.RepositoryID) ([]string, error)
	Tags(ctx context.Context, p domain.ProjectID, id domain.RepositoryID) ([]string, error)
	Files(ctx context.Context, p domain.ProjectID, id domain.RepositoryID, branch, dir string, f job.FileQuery) (files []job.FileEntry, more bool, err error)
}

// Notify is what the API asks of what tells people about tasks.
type Notify interface {
	On() []notify.Properties
	Test(ctx context.Context, g authz.Grant) ([]notify.Result, error)
	OfTask(ctx context.Context, g authz.Grant, id domain.TaskID) ([]notify.Delivery, error)
}

// Info is what the server says about itself.
type Info struct {
	Version string
	// Ansible returns the output of "ansible --version", "" when there is none.
	Ansible          func(ctx context.Context) string
	UseRemoteRunner  bool
	ScheduleTimezone string // "" is UTC
}

// CookieSecure says when the session cookie is kept from plain HTTP.
type CookieSecure string

const (
	CookieSecureAuto   CookieSecure = "auto" // when the request or the public address is HTTPS
	CookieSecureAlways CookieSecure = "always"
	CookieSecureNever  CookieSecure = "never"
)

// Deps is what the API is made of. Store, Auth, Catalog, Tasks, Notify and Live
// are required.
type Deps struct {
	Store   store.Store
	Auth    *auth.Service
	Catalog *catalog.Catalog
	Tasks   Tasks
	Notify  Notify
	Live    live.Subscriber
	// UI serves everything outside /api; nil answers 404 there.
	UI   http.Handler
	Log  *slog.Logger     // nil: discard
	Now  func() time.Time // nil: time.Now
	Info Info
	// WebHost is the public address, such as https://ci.example.org/signalbox.
	// Its path is the base below which everything is served. "" when unknown.
	WebHost string
	// TrustedProxies are believed what they say in forwarding headers of the
	// client's address and scheme.
	TrustedProxies []netip.Prefix
	CookieSecure   CookieSecure // "": auto
	MaxBody        int64        // 0: 8 MiB
}

// Server is the handler of the whole site.
type Server struct {
	*api
}

// New returns the handler. Close ends what outlives single requests.
func New(d Deps) (*Server, error) {
	if d.Store == nil || d.Auth == nil || d.Catalog == nil || d.Tasks == nil || d.Notify == nil || d.Live == nil {
		return nil, errors.New("httpapi: store, auth, catalog, tasks, notify and live are required")
	}
	a := newAPI(d, false)
	if d.WebHost != "" {
		u, err := url.Parse(d.WebHost)
		if err != nil || u.Host == "" {
			return nil, errors.New("httpapi: the public address must be a URL such as https://ci.example.org")
		}
		a.webHost, a.base = u, strings.TrimRight(u.Path, "/")
	}
	return &Server{api: a}, nil
}

type api struct {
	Deps
	huma        huma.API
	mux         *http.ServeMux
	routes      []Route
	errorSchema *huma.Schema
	log         *slog.Logger
	maxBody     int64
	describing  bool                   // make the OpenAPI description too
	openapi     func() ([]byte, error) // made when first asked for
	webHost     *url.URL               // nil when unknown
	base        string                 // "" or "/path"
	lists       *listCache
	building    singleflight.Group           // of pages for lists
	serving     map[string]func(*call) error // by the identifier of the route
	readers     map[string]func(*call) error // of single resources, by path
	denials     denials
	templates   *listing

	// sockets ends WebSockets, which outlive the requests they came from.
	sockets     context.Context
	endSockets  context.CancelCauseFunc
	openSockets sync.WaitGroup
}

// newAPI declares the routes without touching the dependencies. Describing them
// takes most of the time of a start, so it is done only where it is wanted.
func newAPI(d Deps, describing bool) *api {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.MaxBody == 0 {
		d.MaxBody = 8 << 20
	}
	a := &api{Deps: d, mux: http.NewServeMux(), log: d.Log, maxBody: d.MaxBody, lists: newListCache(maxCachedLists, maxCachedBytes),
		serving: map[string]func(*call) error{}, readers: map[string]func(*call) error{}, describing: describing, openapi: sync.OnceValues(OpenAPI)}
	a.sockets, a.endSockets = context.WithCancelCause(context.Background())
	config := huma.Config{OpenAPI: &huma.OpenAPI{
		Info: &huma.Info{
			Title: "Signalbox", Version: "1",
			Description: "The HTTP API of Signalbox. Paths, names and status codes are those of Semaphore UI 2.17; docs/api.md lists what goes beyond it.",
		},
		Servers: []*huma.Server{{URL: "/api", Description: "This server; below its base path when it has one"}},
		Tags:    tagDocs(),
		Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName), SecuritySchemes: map[string]*huma.SecurityScheme{
			"cookie": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "The session of a browser; writes must come from the server's own pages"},
			"bearer": {Type: "http", Scheme: "bearer", Description: "An API token"},
		}},
	}}
	a.huma = huma.NewAPI(config, humago.NewAdapter(a.mux, "/api"))
	if describing {
		a.errorSchema = a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Error](), true, "Error")
		a.describeFailures()
	}
	a.templates = listingOf(&Route{Method: get}, reflect.TypeFor[[]wire.TemplateRead]())
	a.addRoutes()
	// A pattern without a method also catches known paths with other methods.
	a.mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	return a
}

// schemaName names the schema of a type. Parts of a backup have the names of
// what they are parts of.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.HasSuffix(t.PkgPath(), "/internal/backup") {
		return "Backup" + name
	}
	return name
}

// Close ends the WebSockets and waits for them.
func (s *Server) Close() {
	s.endSockets(errGoingDown)
	s.openSockets.Wait()
}

var errGoingDown = errors.New("the server is going down")

// Routes lists the declared routes, for tests and documentation.
func (s *Server) Routes() []Route { return append([]Route(nil), s.routes...) }
