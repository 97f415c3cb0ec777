package httpapi

import (
	"net/http"
	"reflect"

	"signalbox/internal/authz"
	"signalbox/internal/httpapi/wire"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// project is the prefix of everything inside a project.
const project = "/project/{project_id}"

// addRoutes is the table of the API.
func (a *api) addRoutes() {
	a.addSystemRoutes()
	a.addUserRoutes()
	a.addAccountRoutes()
	a.addSignInRoutes()
	a.addProjectRoutes()
	a.addResourceRoutes()
	a.addTemplateRoutes()
	a.addTaskRoutes()
	a.addBackupRoutes()
	a.addAutomationRoutes()
	a.addTeamRoutes()
	a.addAdminRoutes()
	a.addAuditRoutes()
	a.addNotificationRoutes()
}

func (a *api) addSystemRoutes() {
	const tag = "system"
	stream(a, Route{Method: get, Path: "/ping", ID: "ping", Tag: tag, Summary: "Tell that the server answers", Action: authz.Public, Media: "text/plain"},
		reflect.TypeFor[string](), a.ping)
	stream(a, Route{Method: get, Path: "/openapi.json", ID: "getOpenAPI", Tag: tag, Summary: "Read this description", Action: authz.Public},
		reflect.TypeFor[wire.Object](), a.openAPI)
	handle(a, Route{Method: get, Path: "/info", ID: "getInfo", Tag: tag, Summary: "Describe the server", Action: authz.LookAround}, a.info)
	handle(a, Route{Method: get, Path: "/subscription", ID: "getSubscription", Tag: tag, Summary: "Describe the plan, which has no limits", Action: authz.LookAround}, a.subscription)
	handle(a, Route{Method: get, Path: "/setup", ID: "getSetup", Tag: tag, Summary: "Tell whether the first administrator is missing", Action: authz.Public}, a.setupState)
	handle(a, Route{Method: post, Path: "/setup", ID: "completeSetup", Tag: tag, Summary: "Create the first administrator and sign in", Action: authz.Public}, a.completeSetup)
	handle(a, Route{Method: get, Path: "/auth/login", ID: "getLogin", Tag: tag, Summary: "Tell how one can sign in", Action: authz.Public}, a.loginInfo)
	handle(a, Route{Method: post, Path: "/auth/login", ID: "login", Tag: tag, Summary: "Sign in with a password", Action: authz.Public}, a.login)
	handle(a, Route{Method: post, Path: "/auth/logout", ID: "logout", Tag: tag, Summary: "Sign out", Action: authz.Public}, a.logout)

	handle(a, Route{Method: get, Path: "/apps", ID: "listApps", Tag: tag, Summary: "List apps by priority", Action: authz.LookAround}, a.listApps)
	handle(a, Route{Method: get, Path: "/apps/{app}", ID: "getApp", Tag: tag, Summary: "Read an app", Action: authz.Administer}, a.getApp)
	handle(a, Route{Method: put, Path: "/apps/{app}", ID: "replaceApp", Tag: tag, Summary: "Create or replace an app", Action: authz.Administer}, a.setApp)
	handle(a, Route{Method: post, Path: "/apps/{app}", ID: "createApp", Tag: tag, Summary: "Create or replace an app", Action: authz.Administer}, a.setApp)
	handle(a, Route{Method: del, Path: "/apps/{app}", ID: "deleteApp", Tag: tag, Summary: "Forget the settings of an app", Action: authz.Administer}, a.deleteApp)
	handle(a, Route{Method: post, Path: "/apps/{app}/active", ID: "setAppActive", Tag: tag, Summary: "Switch an app on or off", Action: authz.Administer}, a.setAppActive)

	stream(a, Route{Method: get, Path: "/ws", ID: "openWebSocket", Tag: tag, Summary: "Follow tasks over a WebSocket; see docs/api.md", Action: authz.LookAround, Status: http.StatusSwitchingProtocols,
		Query: []Query{{Name: "logs", Type: "string", Doc: "subscribed: send only the logs asked for"}}},
		reflect.TypeFor[none](), a.webSocket)
}

func (a *api) addUserRoutes() {
	const tag = "users"
	handle(a, Route{Method: get, Path: "/user", ID: "getCurrentUser", Tag: tag, Summary: "Read the signed-in user", Action: authz.LookAround}, a.currentUser)
	handle(a, Route{Method: get, Path: "/user/tokens", ID: "listTokens", Tag: tag, Summary: "List the caller's API tokens", Action: authz.UseAccount}, a.listTokens)
	handle(a, Route{Method: post, Path: "/user/tokens", ID: "createToken", Tag: tag, Summary: "Create an API token; it is shown only here", Action: authz.UseAccount, BodyOptional: true}, a.createToken)
	handle(a, Route{Method: del, Path: "/user/tokens/{token}", ID: "deleteToken", Tag: tag, Summary: "Delete own tokens by id or prefix", Action: authz.UseAccount}, a.deleteToken)
	handle(a, Route{Method: get, Path: "/users", ID: "listUsers", Tag: tag, Summary: "List users", Action: authz.LookAround,
		Query: []Query{{Name: "s", Type: "string", Doc: "Only user names that start with this"}}}, a.listUsers)
	handle(a, Route{Method: post, Path: "/users", ID: "createUser", Tag: tag, Summary: "Create a user", Action: authz.ManageUsers}, a.createUser)
	handle(a, Route{Method: get, Path: "/users/{user_id}", ID: "getUser", Tag: tag, Summary: "Read a user", Action: authz.LookAround}, a.getUser)
	handle(a, Route{Method: put, Path: "/users/{user_id}", ID: "replaceUser", Tag: tag, Summary: "Replace a user", Action: authz.ManageOwnUser}, a.replaceUser)
	handle(a, Route{Method: del, Path: "/users/{user_id}", ID: "deleteUser", Tag: tag, Summary: "Delete a user", Action: authz.ManageOwnUser}, a.deleteUser)
	handle(a, Route{Method: post, Path: "/users/{user_id}/password", ID: "setPassword", Tag: tag, Summary: "Set a password; ends the user's other sessions", Action: authz.ManageOwnUser}, a.setPassword)
}

// sorting are the parameters of sortable lists.
func sorting(columns string) []Query {
	return []Query{{Name: "sort", Type: "string", Doc: columns}, {Name: "order", Type: "string", Doc: "desc, anything else is ascending"}}
}

func (a *api) addProjectRoutes() {
	const tag = "projects"
	handle(a, Route{Method: get, Path: "/projects", ID: "listProjects", Tag: tag, Summary: "List the caller's projects", Action: authz.LookAround, Most: maxProjects}, a.listProjects)
	handle(a, Route{Method: post, Path: "/projects", ID: "createProject", Tag: tag, Summary: "Create a project", Action: authz.CreateProject}, a.createProject)
	handle(a, Route{Method: get, Path: project, ID: "getProject", Tag: tag, Summary: "Read a project", Action: authz.ReadProject}, a.getProject)
	handle(a, Route{Method: put, Path: project, ID: "replaceProject", Tag: tag, Summary: "Replace a project's settings", Action: authz.UpdateProject}, a.replaceProject)
	handle(a, Route{Method: del, Path: project, ID: "deleteProject", Tag: tag, Summary: "Delete a project with all it holds", Action: authz.DeleteProject}, a.deleteProject)
	handle(a, Route{Method: get, Path: project + "/role", ID: "getProjectRole", Tag: tag, Summary: "Tell what the caller may do", Action: authz.ReadProject}, a.projectRole)
	handle(a, Route{Method: get, Path: project + "/users", ID: "listMembers", Tag: tag, Summary: "List members", Action: authz.ReadProject, Query: sorting("name, username, email or role")}, a.listMembers)
	handle(a, Route{Method: post, Path: project + "/users", ID: "addMember", Tag: tag, Summary: "Add a member", Action: authz.ManageMembers}, a.addMember)
	handle(a, Route{Method: get, Path: project + "/users/{user_id}", ID: "getMember", Tag: tag, Summary: "Read a member", Action: authz.ReadProject}, a.getMember)
	handle(a, Route{Method: put, Path: project + "/users/{user_id}", ID: "replaceMember", Tag: tag, Summary: "Change a member's role", Action: authz.ManageMembers}, a.replaceMember)
	handle(a, Route{Method: del, Path: project + "/users/{user_id}", ID: "removeMember", Tag: tag, Summary: "Remove a member", Action: authz.ManageMembers}, a.removeMember)
	handle(a, Route{Method: del, Path: project + "/me", ID: "leaveProject", Tag: tag, Summary: "Leave a project", Action: authz.LeaveProject}, a.leaveProject)

	handle(a, Route{Method: get, Path: project + "/views", ID: "listViews", Tag: "views", Summary: "List views by position", Action: authz.ReadProject}, a.listViews)
	handle(a, Route{Method: post, Path: project + "/views", ID: "createView", Tag: "views", Summary: "Create a view", Action: authz.ManageResources}, a.createView)
	handle(a, Route{Method: post, Path: project + "/views/positions", ID: "setViewPositions", Tag: "views", Summary: "Set positions by view id", Action: authz.ManageResources, Status: http.StatusNoContent}, a.setViewPositions)
	handle(a, Route{Method: get, Path: project + "/views/{view_id}", ID: "getView", Tag: "views", Summary: "Read a view", Action: authz.ReadProject}, a.getView)
	handle(a, Route{Method: put, Path: project + "/views/{view_id}", ID: "replaceView", Tag: "views", Summary: "Replace a view", Action: authz.ManageResources}, a.replaceView)
	handle(a, Route{Method: del, Path: project + "/views/{view_id}", ID: "deleteView", Tag: "views", Summary: "Delete a view", Action: authz.ManageResources}, a.deleteView)
	stream(a, Route{Method: get, Path: project + "/views/{view_id}/templates", ID: "listViewTemplates", Tag: "views", Summary: "List the templates of a view", Action: authz.ReadProject, Query: append(sorting("as in the list of templates"), listQuery()...)},
		reflect.TypeFor[[]wire.TemplateRead](), a.listViewTemplates)
}

func (a *api) addResourceRoutes() {
	handle(a, Route{Method: get, Path: project + "/keys", ID: "listKeys", Tag: "keys", Summary: "List keys without their secrets", Action: authz.ReadProject, Query: sorting("name or type")}, a.listKeys)
	handle(a, Route{Method: post, Path: project + "/keys", ID: "createKey", Tag: "keys", Summary: "Create a key", Action: authz.ManageResources}, a.createKey)
	handle(a, Route{Method: get, Path: project + "/keys/{key_id}", ID: "getKey", Tag: "keys", Summary: "Read a key without its secret", Action: authz.ReadProject}, a.getKey)
	handle(a, Route{Method: get, Path: project + "/keys/{key_id}/refs", ID: "getKeyRefs", Tag: "keys", Summary: "List what uses a key", Action: authz.ReadProject}, a.keyRefs)
	handle(a, Route{Method: put, Path: project + "/keys/{key_id}", ID: "replaceKey", Tag: "keys", Summary: "Rename a key or, with override_secret, replace it", Action: authz.ManageResources}, a.replaceKey)
	handle(a, Route{Method: del, Path: project + "/keys/{key_id}", ID: "deleteKey", Tag: "keys", Summary: "Delete a key that is not used", Action: authz.ManageResources}, a.deleteKey)

	handle(a, Route{Method: get, Path: project + "/repositories", ID: "listRepositories", Tag: "repositories", Summary: "List repositories by name", Action: authz.ReadProject, Query: sorting("always by name")}, a.listRepositories)
	handle(a, Route{Method: post, Path: project + "/repositories", ID: "createRepository", Tag: "repositories", Summary: "Create a repository", Action: authz.ManageResources}, a.createRepository)
	handle(a, Route{Method: get, Path: project + "/repositories/{repository_id}", ID: "getRepository", Tag: "repositories", Summary: "Read a repository", Action: authz.ReadProject}, a.getRepository)
	handle(a, Route{Method: get, Path: project + "/repositories/{repository_id}/refs", ID: "getRepositoryRefs", Tag: "repositories", Summary: "List what uses a repository", Action: authz.ReadProject}, a.repositoryRefs)
	handle(a, Route{Method: get, Path: project + "/repositories/{repository_id}/branches", ID: "listBranches", Tag: "repositories", Summary: "List the branches of the remote", Action: authz.ReadProject}, a.listBranches)
	handle(a, Route{Method: get, Path: project + "/repositories/{repository_id}/tags", ID: "listTags", Tag: "repositories", Summary: "List the tags of the remote", Action: authz.ReadProject}, a.listTags)
	handle(a, Route{Method: get, Path: project + "/repositories/{repository_id}/files", ID: "listFiles", Tag: "repositories", Summary: "List the files of a repository; what is new is fetched first", Action: authz.ManageResources,
		Query: []Query{
			{Name: "branch", Type: "string", Doc: "Branch or tag; that of the repository when left out"},
			{Name: "path", Type: "string", Doc: "Directory; the root when left out"},
			{Name: "suffix", Type: "string", Doc: "Only files whose names end in one of these, separated by commas"},
			{Name: "recursive", Type: "boolean", Doc: "Files of directories below too"},
			{Name: "limit", Type: "integer", Doc: "At most this many, from 1 to 10000; 1000 when left out"},
		}}, a.listFiles)
	handle(a, Route{Method: put, Path: project + "/repositories/{repository_id}", ID: "replaceRepository", Tag: "repositories", Summary: "Replace a repository", Action: authz.ManageResources}, a.replaceRepository)
	handle(a, Route{Method: del, Path: project + "/repositories/{repository_id}", ID: "deleteRepository", Tag: "repositories", Summary: "Delete a repository that is not used", Action: authz.ManageResources}, a.deleteRepository)

	const hosts = "host configs"
	handle(a, Route{Method: get, Path: project + "/host_configs", ID: "listHostConfigs", Tag: hosts, Summary: "List the sign-ins for what repositories bring along, by host", Action: authz.ReadProject}, a.listHostConfigs)
	handle(a, Route{Method: post, Path: project + "/host_configs", ID: "createHostConfig", Tag: hosts, Summary: "Create a sign-in for a host or web addresses", Action: authz.ManageResources}, a.createHostConfig)
	handle(a, Route{Method: get, Path: project + "/host_configs/{host_config_id}", ID: "getHostConfig", Tag: hosts, Summary: "Read a host config", Action: authz.ReadProject}, a.getHostConfig)
	handle(a, Route{Method: put, Path: project + "/host_configs/{host_config_id}", ID: "replaceHostConfig", Tag: hosts, Summary: "Replace a host config", Action: authz.ManageResources}, a.replaceHostConfig)
	handle(a, Route{Method: del, Path: project + "/host_configs/{host_config_id}", ID: "deleteHostConfig", Tag: hosts, Summary: "Delete a host config", Action: authz.ManageResources}, a.deleteHostConfig)

	handle(a, Route{Method: get, Path: project + "/inventory", ID: "listInventories", Tag: "inventories", Summary: "List inventories", Action: authz.ReadProject,
		Query: append(sorting("name"), Query{Name: "app", Type: "string", Doc: "Only types this app takes"}, Query{Name: "template_id", Type: "integer", Doc: "Only those attached to this template"})}, a.listInventories)
	handle(a, Route{Method: post, Path: project + "/inventory", ID: "createInventory", Tag: "inventories", Summary: "Create an inventory", Action: authz.ManageResources}, a.createInventory)
	handle(a, Route{Method: get, Path: project + "/inventory/{inventory_id}", ID: "getInventory", Tag: "inventories", Summary: "Read an inventory", Action: authz.ReadProject}, a.getInventory)
	handle(a, Route{Method: get, Path: project + "/inventory/{inventory_id}/refs", ID: "getInventoryRefs", Tag: "inventories", Summary: "List what uses an inventory", Action: authz.ReadProject}, a.inventoryRefs)
	handle(a, Route{Method: put, Path: project + "/inventory/{inventory_id}", ID: "replaceInventory", Tag: "inventories", Summary: "Replace an inventory", Action: authz.ManageResources}, a.replaceInventory)
	handle(a, Route{Method: del, Path: project + "/inventory/{inventory_id}", ID: "deleteInventory", Tag: "inventories", Summary: "Delete an inventory that is not used", Action: authz.ManageResources}, a.deleteInventory)

	handle(a, Route{Method: get, Path: project + "/environment", ID: "listVariableGroups", Tag: "variable groups", Summary: "List variable groups without secrets", Action: authz.ReadProject, Query: sorting("name")}, a.listVariableGroups)
	handle(a, Route{Method: post, Path: project + "/environment", ID: "createVariableGroup", Tag: "variable groups", Summary: "Create a variable group", Action: authz.ManageResources}, a.createVariableGroup)
	handle(a, Route{Method: get, Path: project + "/environment/{environment_id}", ID: "getVariableGroup", Tag: "variable groups", Summary: "Read a variable group with the names of its secrets", Action: authz.ReadProject}, a.getVariableGroup)
	handle(a, Route{Method: get, Path: project + "/environment/{environment_id}/refs", ID: "getVariableGroupRefs", Tag: "variable groups", Summary: "List what uses a variable group", Action: authz.ReadProject}, a.variableGroupRefs)
	handle(a, Route{Method: put, Path: project + "/environment/{environment_id}", ID: "replaceVariableGroup", Tag: "variable groups", Summary: "Replace a variable group and change its secrets", Action: authz.ManageResources}, a.replaceVariableGroup)
	handle(a, Route{Method: del, Path: project + "/environment/{environment_id}", ID: "deleteVariableGroup", Tag: "variable groups", Summary: "Delete a variable group that is not used", Action: authz.ManageResources}, a.deleteVariableGroup)
}

func (a *api) addTemplateRoutes() {
	const tag = "templates"
	one := project + "/templates/{template_id}"
	stream(a, Route{Method: get, Path: project + "/templates", ID: "listTemplates", Tag: tag, Summary: "List templates with their last tasks", Action: authz.ReadProject,
		Query: append(append(sorting("name, playbook, inventory, environment or repository"), Query{Name: "app", Type: "string", Doc: "Only templates of this app"}), listQuery()...)},
		reflect.TypeFor[[]wire.TemplateRead](), a.listTemplates)
	handle(a, Route{Method: post, Path: project + "/templates", ID: "createTemplate", Tag: tag, Summary: "Create a template", Action: authz.ManageResources}, a.createTemplate)
	handle(a, Route{Method: get, Path: one, ID: "getTemplate", Tag: tag, Summary: "Read a template", Action: authz.ReadProject}, a.getTemplate)
	handle(a, Route{Method: put, Path: one, ID: "replaceTemplate", Tag: tag, Summary: "Replace a template", Action: authz.ManageResources}, a.replaceTemplate)
	handle(a, Route{Method: put, Path: one + "/description", ID: "setTemplateDescription", Tag: tag, Summary: "Set the description", Action: authz.ManageResources}, a.setTemplateDescription)
	handle(a, Route{Method: del, Path: one, ID: "deleteTemplate", Tag: tag, Summary: "Delete a template and its tasks", Action: authz.ManageResources}, a.deleteTemplate)
	for _, w := range []struct {
		verb, id, summary string
		do                workspaceAction
	}{
		{"attach", "attachInventory", "Attach a workspace to a template", a.Catalog.AttachWorkspace},
		{"detach", "detachInventory", "Detach a workspace from a template", a.Catalog.DetachWorkspace},
		{"set_default", "setDefaultInventory", "Make an attached workspace the one that tasks use", a.Catalog.SetDefaultWorkspace},
	} {
		handle(a, Route{Method: post, Path: one + "/inventory/{inventory_id}/" + w.verb, ID: w.id, Tag: tag, Summary: w.summary, Action: authz.ManageResources, Status: http.StatusNoContent}, a.workspace(w.do))
	}
	handle(a, Route{Method: get, Path: one + "/refs", ID: "getTemplateRefs", Tag: tag, Summary: "List what uses a template", Action: authz.ReadProject}, a.templateRefs)
	stream(a, Route{Method: get, Path: one + "/tasks", ID: "listTemplateTasks", Tag: tag, Summary: "List the tasks of a template, newest first", Action: authz.ReadProject, Query: paging()},
		reflect.TypeFor[[]wire.TaskRow](), a.listTasks(maxTasks))
	stream(a, Route{Method: get, Path: one + "/tasks/last", ID: "listLastTemplateTasks", Tag: tag, Summary: "List the latest tasks of a template", Action: authz.ReadProject, Query: paging()},
		reflect.TypeFor[[]wire.TaskRow](), a.listTasks(lastTasks))
	handle(a, Route{Method: post, Path: one + "/stop_all_tasks", ID: "stopAllTasks", Tag: tag, Summary: "Stop all tasks of a template", Action: authz.ManageResources, Status: http.StatusNoContent}, a.stopAllTasks)
}

// paging are the parameters of task lists.
func paging() []Query {
	return []Query{
		{Name: "count", Type: "integer", Doc: "At most this many"},
		{Name: "limit", Type: "integer", Doc: "Older name of count"},
		{Name: "before", Type: "integer", Doc: "Only tasks older than this one; X-Has-Next tells whether there are more"},
		{Name: "status", Type: "string", Doc: "Only tasks in this status", Repeated: true},
		{Name: "user_id", Type: "integer", Doc: "Only tasks that this user started"},
		{Name: "since", Type: "string", Doc: "Only tasks created on this day or at this time (RFC 3339), or later"},
		{Name: "until", Type: "string", Doc: "Only tasks created before this day or time (RFC 3339)"},
		{Name: "search", Type: "string", Doc: "Only tasks with all these words, in any case, in number (#12), template, message, version, branch, commit or the name of who started them. A page may then hold fewer than count while Link leads on"},
	}
}

func (a *api) addTaskRoutes() {
	const tag = "tasks"
	one := project + "/tasks/{task_id}"
	handle(a, Route{Method: post, Path: project + "/tasks", ID: createTaskID, Tag: tag, Summary: "Start a task", Action: authz.RunTasks}, a.createTask)
	stream(a, Route{Method: get, Path: project + "/tasks", ID: "listTasks", Tag: tag, Summary: "List tasks, newest first", Action: authz.ReadProject, Query: paging()},
		reflect.TypeFor[[]wire.TaskRow](), a.listTasks(maxTasks))
	stream(a, Route{Method: get, Path: project + "/tasks/last", ID: "listLastTasks", Tag: tag, Summary: "List the latest tasks", Action: authz.ReadProject, Query: paging()},
		reflect.TypeFor[[]wire.TaskRow](), a.listTasks(lastTasks))
	handle(a, Route{Method: get, Path: one, ID: "getTask", Tag: tag, Summary: "Read a task", Action: authz.ReadProject}, a.getTask)
	handle(a, Route{Method: del, Path: one, ID: "deleteTask", Tag: tag, Summary: "Delete a task that has ended, with its log", Action: authz.DeleteTasks}, a.deleteTask)
	handle(a, Route{Method: post, Path: one + "/stop", ID: "stopTask", Tag: tag, Summary: "Stop a task", Action: authz.RunTasks}, a.stopTask)
	handle(a, Route{Method: post, Path: one + "/confirm", ID: "confirmTask", Tag: tag, Summary: "Confirm what a task waits with; 409 when it does not wait", Action: authz.RunTasks, Status: http.StatusNoContent}, a.decideTask(true))
	handle(a, Route{Method: post, Path: one + "/reject", ID: "rejectTask", Tag: tag, Summary: "Reject what a task waits with; 409 when it does not wait", Action: authz.RunTasks, Status: http.StatusNoContent}, a.decideTask(false))
	handle(a, Route{Method: get, Path: one + "/explain", ID: "explainTask", Tag: tag, Summary: "Say why a task waits, what it runs and where its values come from", Action: authz.ReadProject}, a.explainTask)
	stream(a, Route{Method: get, Path: one + "/log", ID: "getTaskLog", Tag: tag, Summary: "Read a window of the log", Action: authz.ReadProject, Query: []Query{
		{Name: "after", Type: "integer", Doc: "Lines with a greater number"},
		{Name: "before", Type: "integer", Doc: "Instead: the last lines with a smaller number"},
		{Name: "tail", Type: "integer", Doc: "Instead: the last lines"},
		{Name: "limit", Type: "integer", Doc: "At most this many lines, 1 to 5000, 1000 when absent"},
	}}, reflect.TypeFor[wire.LogPage](), a.taskLog)
	handle(a, Route{Method: get, Path: one + "/log/search", ID: "searchTaskLog", Tag: tag, Summary: "Find lines of the log", Action: authz.ReadProject, Query: []Query{
		{Name: "q", Type: "string", Doc: "What to look for"},
		{Name: "regex", Type: "boolean", Doc: "q is a regular expression"},
		{Name: "case", Type: "boolean", Doc: "Tell upper from lower case"},
		{Name: "after", Type: "integer", Doc: "Only lines with a greater number"},
		{Name: "limit", Type: "integer", Doc: "At most this many matches, 1 to 5000, 1000 when absent"},
	}}, a.searchTaskLog)
	stream(a, Route{Method: get, Path: one + "/output", ID: "getTaskOutput", Tag: tag, Summary: "Read the output line by line", Action: authz.ReadProject, Query: []Query{
		{Name: "after", Type: "integer", Doc: "Lines with a greater number"},
		{Name: "limit", Type: "integer", Doc: "At most this many lines; all when absent"},
	}}, reflect.TypeFor[[]wire.OutputLine](), a.taskOutput)
	stream(a, Route{Method: get, Path: one + "/raw_output", ID: "getTaskRawOutput", Tag: tag, Summary: "Read the output as text", Action: authz.ReadProject, Media: "text/plain", Query: []Query{
		{Name: "ansi", Type: "boolean", Doc: "Keep colour sequences"},
		{Name: "time", Type: "string", Doc: "iso: a UTC time before each line"},
		{Name: "download", Type: "boolean", Doc: "Send as a file"},
	}}, reflect.TypeFor[string](), a.taskRawOutput)
	handle(a, Route{Method: post, Path: one + "/rerun", ID: "rerunTask", Tag: tag, Summary: "Start a task with the inputs of another one, on all hosts or on those that failed", Action: authz.RunTasks, BodyOptional: true}, a.rerunTask)
	handle(a, Route{Method: get, Path: one + "/stages", ID: "listTaskStages", Tag: tag, Summary: "List the stages of a task", Action: authz.ReadProject}, a.taskStages)
	handle(a, Route{Method: get, Path: one + "/ansible/hosts", ID: "listAnsibleHosts", Tag: tag, Summary: "List the results by host", Action: authz.ReadProject}, a.ansibleHosts)
	handle(a, Route{Method: get, Path: one + "/ansible/errors", ID: "listAnsibleErrors", Tag: tag, Summary: "List the failed steps", Action: authz.ReadProject}, a.ansibleErrors)
	handle(a, Route{Method: get, Path: one + "/ansible/results", ID: "getAnsibleResults", Tag: tag, Summary: "Read the matrix of tasks and hosts", Action: authz.ReadProject, Query: []Query{
		{Name: "first", Type: "integer", Doc: "Number of the first task, 1 when absent"},
		{Name: "limit", Type: "integer", Doc: "At most this many tasks, 1 to 1000, 100 when absent"},
		{Name: "host", Type: "string", Doc: "Only the results on this host"},
		{Name: "status", Type: "string", Doc: "Only these results: ok, changed, failed, unreachable, skipped, ignored, rescued", Repeated: true},
		{Name: "details", Type: "boolean", Doc: "With messages, outputs and differences"},
	}}, a.ansibleResults)
	stream(a, Route{Method: get, Path: one + "/results", ID: "getTaskResults", Tag: tag, Summary: "Read the data that the program reported, one JSON document a line", Action: authz.ReadProject, Media: linesType, Query: []Query{
		{Name: "after", Type: "integer", Doc: "Lines with a greater number"},
		{Name: "limit", Type: "integer", Doc: "At most this many lines; all when absent"},
		{Name: "download", Type: "boolean", Doc: "Send as a file"},
	}}, reflect.TypeFor[string](), a.taskResults)
}
