package httpapi

import (
	"net/http"

	"signalbox/internal/authz"
)

// addAutomationRoutes declares what starts tasks without a person, and what
// carries them out elsewhere.
func (a *api) addAutomationRoutes() {
	a.addScheduleRoutes()
	a.addIntegrationRoutes()
	a.addRunnerRoutes()
}

func (a *api) addScheduleRoutes() {
	const tag, list, one = "schedules", project + "/schedules", project + "/schedules/{schedule_id}"
	handle(a, Route{Method: get, Path: list, ID: "listSchedules", Tag: tag, Summary: "List schedules, without those that look for new commits", Action: authz.ReadProject}, a.listSchedules)
	handle(a, Route{Method: post, Path: list, ID: "createSchedule", Tag: tag, Summary: "Create a schedule", Action: authz.ManageResources}, a.createSchedule)
	handle(a, Route{Method: post, Path: list + "/validate", ID: "validateSchedule", Tag: tag, Summary: "Check a cron expression", Action: authz.ManageResources, Status: http.StatusOK}, a.validateSchedule)
	handle(a, Route{Method: get, Path: list + "/preview", ID: "previewSchedule", Tag: tag, Summary: "Show when a cron expression is due next", Action: authz.ReadProject,
		Query: []Query{{Name: "cron_format", Type: "string", Doc: "The expression, as schedules have it"}}}, a.previewSchedule)
	handle(a, Route{Method: get, Path: one, ID: "getSchedule", Tag: tag, Summary: "Read a schedule", Action: authz.ReadProject}, a.getSchedule)
	handle(a, Route{Method: put, Path: one, ID: "replaceSchedule", Tag: tag, Summary: "Replace a schedule", Action: authz.ManageResources}, a.replaceSchedule)
	handle(a, Route{Method: put, Path: one + "/active", ID: "setScheduleActive", Tag: tag, Summary: "Switch a schedule on or off", Action: authz.ManageResources}, a.setScheduleActive)
	handle(a, Route{Method: del, Path: one, ID: "deleteSchedule", Tag: tag, Summary: "Delete a schedule", Action: authz.ManageResources}, a.deleteSchedule)
	handle(a, Route{Method: get, Path: project + "/templates/{template_id}/schedules", ID: "listTemplateSchedules", Tag: tag, Summary: "List all schedules of a template", Action: authz.ReadProject}, a.listTemplateSchedules)
}

func (a *api) addIntegrationRoutes() {
	const tag, list, one = "integrations", project + "/integrations", project + "/integrations/{integration_id}"
	handle(a, Route{Method: get, Path: list, ID: "listIntegrations", Tag: tag, Summary: "List integrations", Action: authz.ReadProject, Query: sorting("name")}, a.listIntegrations)
	handle(a, Route{Method: post, Path: list, ID: "createIntegration", Tag: tag, Summary: "Create an integration", Action: authz.ManageResources}, a.createIntegration)
	handle(a, Route{Method: get, Path: one, ID: "getIntegration", Tag: tag, Summary: "Read an integration", Action: authz.ReadProject}, a.getIntegration)
	handle(a, Route{Method: put, Path: one, ID: "replaceIntegration", Tag: tag, Summary: "Replace an integration", Action: authz.ManageResources}, a.replaceIntegration)
	handle(a, Route{Method: del, Path: one, ID: "deleteIntegration", Tag: tag, Summary: "Delete an integration with its matchers, values and aliases", Action: authz.ManageResources}, a.deleteIntegration)
	handle(a, Route{Method: get, Path: one + "/refs", ID: "getIntegrationRefs", Tag: tag, Summary: "List what belongs to an integration", Action: authz.ReadProject}, a.integrationRefs)

	const matchers = one + "/matchers"
	handle(a, Route{Method: get, Path: matchers, ID: "listMatchers", Tag: tag, Summary: "List the matchers of an integration", Action: authz.ReadProject}, a.listMatchers)
	handle(a, Route{Method: post, Path: matchers, ID: "createMatcher", Tag: tag, Summary: "Create a matcher", Action: authz.ManageResources, Status: http.StatusOK}, a.createMatcher)
	handle(a, Route{Method: get, Path: matchers + "/{matcher_id}", ID: "getMatcher", Tag: tag, Summary: "Read a matcher", Action: authz.ReadProject}, a.getMatcher)
	handle(a, Route{Method: get, Path: matchers + "/{matcher_id}/refs", ID: "getMatcherRefs", Tag: tag, Summary: "List what uses a matcher: nothing", Action: authz.ReadProject}, a.matcherRefs)
	handle(a, Route{Method: put, Path: matchers + "/{matcher_id}", ID: "replaceMatcher", Tag: tag, Summary: "Replace a matcher", Action: authz.ManageResources}, a.replaceMatcher)
	handle(a, Route{Method: del, Path: matchers + "/{matcher_id}", ID: "deleteMatcher", Tag: tag, Summary: "Delete a matcher", Action: authz.ManageResources}, a.deleteMatcher)

	const values = one + "/values"
	handle(a, Route{Method: get, Path: values, ID: "listIntegrationValues", Tag: tag, Summary: "List the values taken out of calls", Action: authz.ReadProject}, a.listIntegrationValues)
	handle(a, Route{Method: post, Path: values, ID: "createIntegrationValue", Tag: tag, Summary: "Create a value", Action: authz.ManageResources}, a.createIntegrationValue)
	handle(a, Route{Method: get, Path: values + "/{value_id}", ID: "getIntegrationValue", Tag: tag, Summary: "Read a value", Action: authz.ReadProject}, a.getIntegrationValue)
	handle(a, Route{Method: get, Path: values + "/{value_id}/refs", ID: "getIntegrationValueRefs", Tag: tag, Summary: "List what uses a value: nothing", Action: authz.ReadProject}, a.integrationValueRefs)
	handle(a, Route{Method: put, Path: values + "/{value_id}", ID: "updateIntegrationValue", Tag: tag, Summary: "Change what the request names of a value", Action: authz.ManageResources}, a.updateIntegrationValue)
	handle(a, Route{Method: del, Path: values + "/{value_id}", ID: "deleteIntegrationValue", Tag: tag, Summary: "Delete a value", Action: authz.ManageResources}, a.deleteIntegrationValue)

	for _, level := range []struct{ path, name, of string }{
		{list + "/aliases", "ProjectAlias", "of the project, which reach its searchable integrations"},
		{one + "/aliases", "IntegrationAlias", "of an integration"},
	} {
		handle(a, Route{Method: get, Path: level.path, ID: "list" + level.name + "es", Tag: tag, Summary: "List the addresses " + level.of, Action: authz.ReadProject}, a.listAliases)
		handle(a, Route{Method: post, Path: level.path, ID: "create" + level.name, Tag: tag, Summary: "Make up an address " + level.of, Action: authz.ManageResources, Status: http.StatusOK}, a.createAlias)
		handle(a, Route{Method: del, Path: level.path + "/{alias_id}", ID: "delete" + level.name, Tag: tag, Summary: "Delete an address " + level.of, Action: authz.ManageResources}, a.deleteAlias)
	}
}

func (a *api) addRunnerRoutes() {
	const tag = "runners"
	for _, level := range []struct {
		base, name, of string
		read, write    authz.Action
	}{
		{"", "", "", authz.Administer, authz.Administer},
		{project, "Project", " of the project", authz.ReadProject, authz.ManageResources},
	} {
		list, one := level.base+"/runners", level.base+"/runners/{runner_id}"
		handle(a, Route{Method: get, Path: list, ID: "list" + level.name + "Runners", Tag: tag, Summary: "List runners" + level.of + ", newest first", Action: level.read}, a.listRunners)
		handle(a, Route{Method: post, Path: list, ID: "create" + level.name + "Runner", Tag: tag, Summary: "Create a runner" + level.of + "; its secrets are shown only here", Action: level.write}, a.createRunner)
		handle(a, Route{Method: get, Path: one, ID: "get" + level.name + "Runner", Tag: tag, Summary: "Read a runner" + level.of, Action: level.read}, a.getRunner)
		handle(a, Route{Method: put, Path: one, ID: "replace" + level.name + "Runner", Tag: tag, Summary: "Replace a runner" + level.of, Action: level.write}, a.replaceRunner)
		handle(a, Route{Method: post, Path: one, ID: "update" + level.name + "Runner", Tag: tag, Summary: "Replace a runner" + level.of, Action: level.write}, a.replaceRunner)
		handle(a, Route{Method: post, Path: one + "/active", ID: "set" + level.name + "RunnerActive", Tag: tag, Summary: "Switch a runner on or off", Action: level.write}, a.setRunnerActive)
		handle(a, Route{Method: del, Path: one + "/cache", ID: "clean" + level.name + "Runner", Tag: tag, Summary: "Ask a runner to empty its caches", Action: level.write}, a.cleanRunner)
		handle(a, Route{Method: post, Path: one + "/registration-token", ID: "create" + level.name + "RunnerRegistrationToken", Tag: tag, Summary: "Give a runner that has not registered a new one-time token", Action: level.write, Status: http.StatusOK}, a.registrationToken)
		handle(a, Route{Method: del, Path: one, ID: "delete" + level.name + "Runner", Tag: tag, Summary: "Delete a runner" + level.of, Action: level.write}, a.deleteRunner)
		handle(a, Route{Method: get, Path: level.base + "/runner_tags", ID: "list" + level.name + "RunnerTags", Tag: tag, Summary: "List the tags of runners", Action: level.read}, a.listRunnerTags)
	}
}
