package httpapi

import "context"
import "signalbox/internal/httpapi/wire"

func (a *api) ping(c *call, in *none) error                                      { return errTodo }
func (a *api) openAPI(c *call, in *none) error                                   { return errTodo }
func (a *api) info(c *call, in *none) (out wire.Info, err error)                 { return out, errTodo }
func (a *api) subscription(c *call, in *none) (out wire.Subscription, err error) { return out, errTodo }
func (a *api) setupState(c *call, in *none) (out wire.SetupState, err error)     { return out, errTodo }
func (a *api) completeSetup(c *call, in *wire.SetupInput) (out wire.CurrentUser, err error) {
	return out, errTodo
}
func (a *api) loginInfo(c *call, in *none) (out wire.LoginInfo, err error)      { return out, errTodo }
func (a *api) login(c *call, in *wire.Login) (out none, err error)              { return out, errTodo }
func (a *api) logout(c *call, in *none) (out none, err error)                   { return out, errTodo }
func (a *api) listApps(c *call, in *none) (out []wire.App, err error)           { return out, errTodo }
func (a *api) getApp(c *call, in *none) (out wire.App, err error)               { return out, errTodo }
func (a *api) setApp(c *call, in *wire.AppInput) (out none, err error)          { return out, errTodo }
func (a *api) deleteApp(c *call, in *none) (out none, err error)                { return out, errTodo }
func (a *api) setAppActive(c *call, in *wire.ActiveInput) (out none, err error) { return out, errTodo }
func (a *api) webSocket(c *call, in *none) error                                { return errTodo }
func (a *api) currentUser(c *call, in *none) (out wire.CurrentUser, err error)  { return out, errTodo }
func (a *api) listTokens(c *call, in *none) (out []wire.Token, err error)       { return out, errTodo }
func (a *api) createToken(c *call, in *wire.TokenInput) (out wire.Token, err error) {
	return out, errTodo
}
func (a *api) deleteToken(c *call, in *none) (out none, err error)               { return out, errTodo }
func (a *api) listUsers(c *call, in *none) (out []wire.UserListItem, err error)  { return out, errTodo }
func (a *api) createUser(c *call, in *wire.UserInput) (out wire.User, err error) { return out, errTodo }
func (a *api) getUser(c *call, in *none) (out wire.User, err error)              { return out, errTodo }
func (a *api) replaceUser(c *call, in *wire.UserInput) (out none, err error)     { return out, errTodo }
func (a *api) deleteUser(c *call, in *none) (out none, err error)                { return out, errTodo }
func (a *api) setPassword(c *call, in *wire.PasswordInput) (out none, err error) { return out, errTodo }
func (a *api) listProjects(c *call, in *none) (out []wire.Project, err error)    { return out, errTodo }
func (a *api) createProject(c *call, in *wire.ProjectInput) (out wire.Project, err error) {
	return out, errTodo
}
func (a *api) getProject(c *call, in *none) (out wire.Project, err error) { return out, errTodo }
func (a *api) replaceProject(c *call, in *wire.ProjectInput) (out none, err error) {
	return out, errTodo
}
func (a *api) deleteProject(c *call, in *none) (out none, err error)             { return out, errTodo }
func (a *api) projectRole(c *call, in *none) (out wire.ProjectRole, err error)   { return out, errTodo }
func (a *api) listMembers(c *call, in *none) (out []wire.Member, err error)      { return out, errTodo }
func (a *api) addMember(c *call, in *wire.MemberInput) (out none, err error)     { return out, errTodo }
func (a *api) getMember(c *call, in *none) (out wire.User, err error)            { return out, errTodo }
func (a *api) replaceMember(c *call, in *wire.MemberInput) (out none, err error) { return out, errTodo }
func (a *api) removeMember(c *call, in *none) (out none, err error)              { return out, errTodo }
func (a *api) leaveProject(c *call, in *none) (out none, err error)              { return out, errTodo }
func (a *api) listViews(c *call, in *none) (out []wire.View, err error)          { return out, errTodo }
func (a *api) createView(c *call, in *wire.ViewInput) (out wire.View, err error) { return out, errTodo }
func (a *api) setViewPositions(c *call, in *map[string]int) (out none, err error) {
	return out, errTodo
}
func (a *api) getView(c *call, in *none) (out wire.View, err error)           { return out, errTodo }
func (a *api) replaceView(c *call, in *wire.ViewInput) (out none, err error)  { return out, errTodo }
func (a *api) deleteView(c *call, in *none) (out none, err error)             { return out, errTodo }
func (a *api) listViewTemplates(c *call, in *none) error                      { return errTodo }
func (a *api) listKeys(c *call, in *none) (out []wire.Key, err error)         { return out, errTodo }
func (a *api) createKey(c *call, in *wire.KeyInput) (out wire.Key, err error) { return out, errTodo }
func (a *api) getKey(c *call, in *none) (out wire.Key, err error)             { return out, errTodo }
func (a *api) keyRefs(c *call, in *none) (out wire.Refs, err error)           { return out, errTodo }
func (a *api) replaceKey(c *call, in *wire.KeyInput) (out none, err error)    { return out, errTodo }
func (a *api) deleteKey(c *call, in *none) (out none, err error)              { return out, errTodo }
func (a *api) listRepositories(c *call, in *none) (out []wire.Repository, err error) {
	return out, errTodo
}
func (a *api) createRepository(c *call, in *wire.RepositoryInput) (out wire.Repository, err error) {
	return out, errTodo
}
func (a *api) getRepository(c *call, in *none) (out wire.Repository, err error) { return out, errTodo }
func (a *api) repositoryRefs(c *call, in *none) (out wire.Refs, err error)      { return out, errTodo }
func (a *api) listBranches(c *call, in *none) (out []string, err error)         { return out, errTodo }
func (a *api) replaceRepository(c *call, in *wire.RepositoryInput) (out none, err error) {
	return out, errTodo
}
func (a *api) deleteRepository(c *call, in *none) (out none, err error) { return out, errTodo }
func (a *api) listInventories(c *call, in *none) (out []wire.Inventory, err error) {
	return out, errTodo
}
func (a *api) createInventory(c *call, in *wire.InventoryInput) (out wire.Inventory, err error) {
	return out, errTodo
}
func (a *api) getInventory(c *call, in *none) (out wire.Inventory, err error) { return out, errTodo }
func (a *api) inventoryRefs(c *call, in *none) (out wire.Refs, err error)     { return out, errTodo }
func (a *api) replaceInventory(c *call, in *wire.InventoryInput) (out none, err error) {
	return out, errTodo
}
func (a *api) deleteInventory(c *call, in *none) (out none, err error) { return out, errTodo }
func (a *api) listVariableGroups(c *call, in *none) (out []wire.VariableGroup, err error) {
	return out, errTodo
}
func (a *api) createVariableGroup(c *call, in *wire.VariableGroupInput) (out wire.VariableGroup, err error) {
	return out, errTodo
}
func (a *api) getVariableGroup(c *call, in *none) (out wire.VariableGroup, err error) {
	return out, errTodo
}
func (a *api) variableGroupRefs(c *call, in *none) (out wire.Refs, err error) { return out, errTodo }
func (a *api) replaceVariableGroup(c *call, in *wire.VariableGroupInput) (out none, err error) {
	return out, errTodo
}
func (a *api) deleteVariableGroup(c *call, in *none) (out none, err error) { return out, errTodo }
func (a *api) listTemplates(c *call, in *none) error                       { return errTodo }
func (a *api) createTemplate(c *call, in *wire.TemplateInput) (out wire.Template, err error) {
	return out, errTodo
}
func (a *api) getTemplate(c *call, in *none) (out wire.TemplateRead, err error) { return out, errTodo }
func (a *api) replaceTemplate(c *call, in *wire.TemplateInput) (out none, err error) {
	return out, errTodo
}
func (a *api) setTemplateDescription(c *call, in *wire.DescriptionInput) (out none, err error) {
	return out, errTodo
}
func (a *api) deleteTemplate(c *call, in *none) (out none, err error)            { return out, errTodo }
func (a *api) templateRefs(c *call, in *none) (out wire.Refs, err error)         { return out, errTodo }
func (a *api) stopAllTasks(c *call, in *wire.StopInput) (out none, err error)    { return out, errTodo }
func (a *api) createTask(c *call, in *wire.TaskInput) (out wire.Task, err error) { return out, errTodo }
func (a *api) getTask(c *call, in *none) (out wire.Task, err error)              { return out, errTodo }
func (a *api) deleteTask(c *call, in *none) (out none, err error)                { return out, errTodo }
func (a *api) stopTask(c *call, in *wire.StopInput) (out none, err error)        { return out, errTodo }
func (a *api) taskLog(c *call, in *none) error                                   { return errTodo }
func (a *api) searchTaskLog(c *call, in *none) (out wire.LogMatches, err error)  { return out, errTodo }
func (a *api) taskOutput(c *call, in *none) error                                { return errTodo }
func (a *api) taskRawOutput(c *call, in *none) error                             { return errTodo }

func (a *api) events(n int) func(*call, *none) ([]wire.Event, error) {
	return func(*call, *none) ([]wire.Event, error) { return nil, errTodo }
}
func (a *api) projectEvents(n int) func(*call, *none) ([]wire.Event, error) { return a.events(n) }
func (a *api) listTasks(n int) func(*call, *none) error {
	return func(*call, *none) error { return errTodo }
}
func emptyOfTask[T any](a *api) func(*call, *none) ([]T, error) {
	return func(*call, *none) ([]T, error) { return nil, errTodo }
}

var errTodo error

const maxEvents, lastEvents, maxTasks, lastTasks = 0, 0, 0, 0
const textType = "text/plain; charset=utf-8"

func (a *api) admit(c *call, ids []string) error { return nil }
func requestID(ctx context.Context) string       { return "" }
