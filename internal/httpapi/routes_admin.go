package httpapi

import (
	"net/http"
	"reflect"

	"signalbox/internal/audit"
	"signalbox/internal/authz"
	"signalbox/internal/httpapi/wire"
)

// addAdminRoutes are the routes of whoever looks after the server, and the
// numbers of tasks.
func (a *api) addAdminRoutes() {
	const tag = "administration"
	handle(a, Route{Method: get, Path: "/options", ID: "listOptions", Tag: tag, Summary: "Read the settings kept in the database", Action: authz.Administer}, a.options)
	handle(a, Route{Method: post, Path: "/options", ID: "setOption", Tag: tag, Summary: "Set an option", Action: authz.Administer, Status: http.StatusOK}, a.setOption)
	handle(a, Route{Method: get, Path: "/tasks", ID: "listUnfinishedTasks", Tag: tag, Summary: "List the tasks of all projects that wait or run, oldest first", Action: authz.Administer}, a.unfinishedTasks)
	handle(a, Route{Method: get, Path: "/tasks/{task_id}", ID: "getUnfinishedTask", Tag: tag, Summary: "Read a task that waits or runs, as a list of one", Action: authz.Administer}, a.unfinishedTasks)
	handle(a, Route{Method: del, Path: "/tasks/{task_id}", ID: "stopUnfinishedTask", Tag: tag, Summary: "Stop a task of any project", Action: authz.Administer}, a.stopUnfinishedTask)
	handle(a, Route{Method: del, Path: "/cache", ID: "clearCache", Tag: tag, Summary: "Remove copies of repositories that no task uses", Action: authz.Administer}, a.clearCache)
	handle(a, Route{Method: http.MethodHead, Path: "/cache", ID: "headCache", Tag: tag, Summary: "Does nothing", Action: authz.Administer}, func(*call, *none) (none, error) { return none{}, nil })
	handle(a, Route{Method: del, Path: project + "/cache", ID: "clearProjectCache", Tag: "projects", Summary: "Remove copies of the project's repositories that no task uses", Action: authz.ManageResources}, a.clearProjectCache)
	handle(a, Route{Method: post, Path: "/debug/gc", ID: "collectGarbage", Tag: tag, Summary: "Collect the garbage of the server's memory", Action: authz.Administer}, a.collectGarbage)
	handle(a, Route{Method: post, Path: "/debug/pprof/dump", ID: "dumpProfiles", Tag: tag, Summary: "Write profiles of the server into the configured directory", Action: authz.Administer}, a.dumpProfiles)

	numbers := []Query{
		{Name: "start", Type: "string", Doc: "Only tasks that started on this day or later, such as 2026-01-31, or at this time"},
		{Name: "end", Type: "string", Doc: "Only tasks that ended before this day or time"},
		{Name: "user_id", Type: "integer", Doc: "Only tasks that this user started"},
	}
	stream(a, Route{Method: get, Path: project + "/stats", ID: "getProjectStats", Tag: "projects", Summary: "Count the project's tasks by day and status, newest day first", Action: authz.ReadProject, Query: numbers},
		reflect.TypeFor[[]wire.TaskStat](), a.taskStats)
	stream(a, Route{Method: get, Path: project + "/templates/{template_id}/stats", ID: "getTemplateStats", Tag: "templates", Summary: "Count the template's tasks by day and status, newest day first", Action: authz.ReadProject, Query: numbers},
		reflect.TypeFor[[]wire.TaskStat](), a.taskStats)
}

// addAuditRoutes are the routes of the activity log.
func (a *api) addAuditRoutes() {
	const tag = "activity"
	ofProject := append([]Query{}, eventFilter()...)
	everywhere := append(eventFilter(), Query{Name: "project_id", Type: "integer", Doc: "Only events of this project"})
	export := Query{Name: "format", Type: "string", Doc: "ndjson: all that match, one JSON document a line"}
	stream(a, Route{Method: get, Path: "/events", ID: "listEvents", Tag: tag, Summary: "List the activity of the caller's projects, newest first", Action: authz.LookAround, Query: everywhere},
		reflect.TypeFor[[]wire.Event](), a.listEvents(maxEvents))
	stream(a, Route{Method: get, Path: "/events/last", ID: "listLastEvents", Tag: tag, Summary: "List the latest activity of the caller's projects", Action: authz.LookAround, Query: everywhere},
		reflect.TypeFor[[]wire.Event](), a.listEvents(lastEvents))
	stream(a, Route{Method: get, Path: project + "/events", ID: "listProjectEvents", Tag: tag, Summary: "List the project's activity, newest first", Action: authz.ReadProject, Query: ofProject},
		reflect.TypeFor[[]wire.Event](), a.listEvents(maxEvents))
	stream(a, Route{Method: get, Path: project + "/events/last", ID: "listLastProjectEvents", Tag: tag, Summary: "List the project's latest activity", Action: authz.ReadProject, Query: ofProject},
		reflect.TypeFor[[]wire.Event](), a.listEvents(lastEvents))
	stream(a, Route{Method: get, Path: "/audit", ID: "listAudit", Tag: tag, Summary: "List or export the whole activity with all that is known about it", Action: authz.Administer, Query: append(everywhere, export)},
		reflect.TypeFor[[]audit.Record](), a.audit)
	stream(a, Route{Method: get, Path: project + "/audit", ID: "listProjectAudit", Tag: tag, Summary: "List or export the project's activity with all that is known about it", Action: authz.ManageMembers, Query: append(ofProject, export)},
		reflect.TypeFor[[]audit.Record](), a.audit)
}

// eventFilter are the parameters of lists of events.
func eventFilter() []Query {
	return []Query{
		{Name: "user_id", Type: "integer", Doc: "Only what this user did"},
		{Name: "object_type", Type: "string", Doc: "Only what is about this kind of object"},
		{Name: "object_id", Type: "integer", Doc: "Only what is about the object with this id"},
		{Name: "action", Type: "string", Doc: "Only this action, such as create, update, delete or login"},
		{Name: "outcome", Type: "string", Doc: "success, denied or failure"},
		{Name: "since", Type: "string", Doc: "Not earlier than this time, or day"},
		{Name: "until", Type: "string", Doc: "Earlier than this time, or day"},
		{Name: "search", Type: "string", Doc: "A text in the description or the name of the object, in any case"},
		{Name: "before", Type: "integer", Doc: "Only events older than this one; X-Has-Next tells whether there are more"},
		{Name: "count", Type: "integer", Doc: "At most this many"},
	}
}
