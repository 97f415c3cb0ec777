package httpapi

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// words describe a property and give an example of it.
type words struct {
	doc     string
	example any
}

// propertyWords is where properties are described that mean the same in every
// schema; a doc tag of the type wins. A name as in Schema.property is for one
// schema alone. Without an example the type gives one.
func propertyWords() map[string]words {
	return map[string]words{
		"id":                            {"Number of the object; in requests it may be left out or must be that of the address", 1},
		"name":                          {"Name as people see it", "Web servers"},
		"project_id":                    {"Number of the project; in requests it may be left out or must be that of the address", 1},
		"template_id":                   {"Number of the template", 1},
		"inventory_id":                  {"Number of the inventory", 1},
		"repository_id":                 {"Number of the repository", 1},
		"environment_id":                {"Number of the variable group", 1},
		"integration_id":                {"Number of the integration", 1},
		"schedule_id":                   {"Number of the schedule", 1},
		"view_id":                       {"Number of the view that shows it", 1},
		"user_id":                       {"Number of the user", 2},
		"task_id":                       {"Number of the task", 1},
		"build_task_id":                 {"Number of the task that built what is deployed", 1},
		"build_template_id":             {"Number of the template that builds what this one deploys", 1},
		"ssh_key_id":                    {"Number of the key that signs in", 1},
		"become_key_id":                 {"Number of the key for becoming another user", 1},
		"vault_key_id":                  {"Number of the key with the password of the vault", 1},
		"auth_secret_id":                {"Number of the key that callers have to know", 1},
		"runner_id":                     {"Number of the runner", 1},
		"object_id":                     {"Number of the object it is about", 1},
		"object_type":                   {"Kind of the object it is about", "template"},
		"object_name":                   {"Name of the object it is about", "Deploy"},
		"git_branch":                    {"Branch, tag or commit", "main"},
		"git_url":                       {"Address of a remote, or absolute path of a directory on the server", "https://git.example.org/site.git"},
		"active":                        {"Switched on", true},
		"type":                          {"Kind", ""},
		"password":                      {"Password; never shown", "correct horse battery"},
		"username":                      {"Name to sign in with", "alice"},
		"user_name":                     {"Name of the user", "Alice"},
		"email":                         {"Address for mail", "alice@example.org"},
		"alert":                         {"Gets notifications", false},
		"description":                   {"Free text", "Deploys the site"},
		"playbook":                      {"Path of the file to run, in the repository", "site.yml"},
		"title":                         {"Name as people see it", "Production"},
		"runner_tag":                    {"Only runners with this tag take it", "linux"},
		"host":                          {"Name of the host", "web1.example.org"},
		"admin":                         {"Administers the server", false},
		"external":                      {"Signs in elsewhere and has no password here", false},
		"pro":                           {"Kept for clients of the reference; says nothing here", false},
		"version":                       {"Version", "1.2.0"},
		"login":                         {"Name to sign in with", "deploy"},
		"max_parallel_tasks":            {"How many tasks run at the same time; 0: no limit", 0},
		"message":                       {"Why the task runs, in the words of who started it", "Nightly run"},
		"changed":                       {"How many, or whether it, changed something", nil},
		"ignored":                       {"Failed, and that was ignored", nil},
		"rescued":                       {"Failed, and was rescued", nil},
		"failed":                        {"How many failed", nil},
		"ok":                            {"How many went well", 4},
		"skipped":                       {"How many were skipped", nil},
		"unreachable":                   {"How many hosts or steps were not reached", nil},
		"args":                          {"Arguments, one in each", []any{"--diff"}},
		"color":                         {"Colour in the user interface", "green"},
		"dark_color":                    {"Colour on dark ground", "lightgreen"},
		"icon":                          {"Icon in the user interface", "mdi-console"},
		"path":                          {"Absolute path of the program; empty: it is looked up", "/usr/bin/bash"},
		"priority":                      {"Those with more come first", 10},
		"cron_format":                   {"Minute, hour, day, month and weekday, or a word such as @daily", "0 3 * * *"},
		"secret":                        {"A secret", nil},
		"key":                           {"What to look for in the call: the name of a header or field", "ref"},
		"value":                         {"Value", "production"},
		"role":                          {"Role in the project", "manager"},
		"tags":                          {"Tags", []any{"linux"}},
		"delete_after_run":              {"Gone once it has run", false},
		"commit_hash":                   {"Commit that is run", "4f2a8c1d9e0b7a6c5d4e3f2a1b0c9d8e7f6a5b4c"},
		"commit_message":                {"First line of the commit's message", "Add a page"},
		"limit":                         {"Limit", nil},
		"params":                        {"Parameters of the app", nil},
		"task_params":                   {"Parameters of the app for the tasks of this template", nil},
		"allow_override_args_in_task":   {"Who starts a task may give arguments", false},
		"allow_override_branch_in_task": {"Who starts a task may choose the branch", false},
		"allow_parallel_tasks":          {"Tasks of this template may run at the same time", false},
		"app":                           {"Name of the app that runs it", "bash"},
		"autorun":                       {"Deploys when a build has ended well", false},
		"start_version":                 {"Version of the first build", "1.0.0"},
		"suppress_success_alerts":       {"Tell of failures only", false},
		"survey_vars":                   {"What who starts a task is asked for", nil},
		"url":                           {"Address", "https://git.example.org/site.git"},
		"values":                        {"Values", nil},
		"body_data_type":                {"How the body is read: json, string or nothing", "json"},
		"string":                        {"The secret of a key of type string", ""},
		"text":                          {"Text", "Gathering facts"},
		"alert_chat":                    {"Chat that notifications go to", "-100123"},
		"registered":                    {"The runner has presented itself", true},
		"webhook":                       {"Address that is called when a task waits for the runner", "https://runner.example.org/wake"},
		"passphrase":                    {"Opens the private key", ""},
		"private_key":                   {"Private key in OpenSSH or PEM form", ""},
		"decided_by_name":               {"Who confirmed or rejected", "Alice"},
		"arguments":                     {"Arguments: a JSON list of texts, as text", `["--diff"]`},
		"script":                        {"Path of the script that prints the password", "vault.sh"},
		"hidden":                        {"Not shown", false},
		"position":                      {"Place in the order", 1},
		"sort_column":                   {"What the templates are sorted by", "name"},
		"sort_reverse":                  {"Sorted downwards", false},
		"attempts":                      {"How often it was tried", 1},
		"duration_ms":                   {"How long it took, in milliseconds", 120},
		"has_diff":                      {"There are differences to show", false},
		"AnsibleError.error":            {"What went wrong", "No space left on device"},
		"task":                          {"Name of the step", "Copy the site"},
		"check":                         {"Only says what it would do", false},
		"number":                        {"Number, from 1", 1},
		"strategy":                      {"How hosts take turns", "linear"},
		"action":                        {"Module that does it", "ansible.builtin.copy"},
		"cells":                         {"What came of it, by host", nil},
		"handler":                       {"Runs because something was changed", false},
		"can_create_project":            {"May create projects", true},
		"project_name":                  {"Name of the project", "Site"},
		"program":                       {"Path of the program", "/usr/bin/bash"},
		"branch":                        {"Branch", "main"},
		"commit":                        {"Commit", "4f2a8c1d9e0b7a6c5d4e3f2a1b0c9d8e7f6a5b4c"},
		"repository":                    {"Name of the repository", "Site"},
		"status":                        {"Status", "success"},
		"task_summary":                  {"The summary of results is there", true},
		"operation":                     {"Always empty in answers", ""},
		"ansible":                       {"What ansible --version says", "ansible [core 2.18.1]"},
		"git_client":                    {"How repositories are fetched", "cmd_git"},
		"schedule_timezone":             {"Time zone of schedules", "Europe/Berlin"},
		"use_remote_runner":             {"Tasks run on runners only", false},
		"web_host":                      {"Public address of the server", "https://ci.example.org"},
		"auth_header":                   {"Header that carries the secret", "X-Token"},
		"auth_method":                   {"How callers prove themselves", "token"},
		"searchable":                    {"Reached by the addresses of the project", false},
		"variable":                      {"Variable that the value goes to", "branch"},
		"inventory":                     {"Text, path or workspace name, by type", "[web]\nweb1.example.org\n"},
		"owner":                         {"What the key belongs to, when it is not one of its own", ""},
		"seq":                           {"Number of the line, from 1", 1},
		"scanned":                       {"How many lines were looked at", 120},
		"bytes":                         {"Size of the log", 4096},
		"complete":                      {"The task has ended: nothing is added", true},
		"total":                         {"How many there are", 120},
		"login_with_password":           {"One can sign in with a password", true},
		"output":                        {"The line", "Gathering facts"},
		"stage_id":                      {"Number of the stage", 1},
		"from":                          {"Where the value is set", "group"},
		"registration_token":            {"One-time token that a runner registers with", "c2VjcmV0LW9uZS10aW1lLXRva2Vu"},
		"permissions":                   {"What it may do, as a sum of bits", 15},
		"slug":                          {"Name in requests", "manager"},
		"is_default":                    {"Kept for clients of the reference; says nothing here", false},
		"number_of_runners":             {"How many runners have it", 2},
		"tag":                           {"Tag", "linux"},
		"token":                         {"Token of the runner", "c2VjcmV0LXJ1bm5lci10b2tlbg"},
		"schedule_name":                 {"Name of the schedule", "Nightly"},
		"tpl_name":                      {"Name of the template", "Deploy"},
		"tpl_app":                       {"App of the template", "bash"},
		"tpl_playbook":                  {"File that the template runs", "site.yml"},
		"tpl_type":                      {"Kind of the template", "deploy"},
		"qr":                            {"The address as a picture: a data URL of a PNG", "data:image/png;base64,iVBORw0KGgo="},
		"RequiredFactor.url":            {"For authenticators", "otpauth://totp/Signalbox:alice@example.org?secret=JBSWY3DPEHPK3PXP"},
		"ResetInput.auth":               {"User name or e-mail address", "alice"},
		"AcceptInput.token":             {"What comes after token= in the address of the invitation", "c2VjcmV0LWludml0YXRpb24"},
		"InviteSecret.token":            {"What comes after token= in the address of the invitation", "c2VjcmV0LWludml0YXRpb24"},
		"RegisterInput.token":           {"What comes after token= in the address of the invitation", "c2VjcmV0LWludml0YXRpb24"},
		"RegisterInput.name":            {"Name as people see it", "Alice Smith"},
		"InviteView.registered":         {"There is an account that can accept it", false},
		"InviteView.email":              {"Whom it is for; absent where it is for an account", "alice@example.org"},
		"password_login":                {"Signing in with a password is possible; without it nobody can register", true},
		"ResetPasswordInput.token":      {"What comes after token= in the link", "c2VjcmV0LW1haWxlZC10b2tlbg"},
		"password_reset":                {"A link to a new password can be mailed", true},
		"EmailMethod.login":             {"One can sign in by a mailed code alone", false},
		"must_change_password":          {"Has to choose another password at the next sign-in", false},
		"needed":                        {"The first administrator is missing", false},
		"default_value":                 {"Value when nothing is entered", "main"},
		"required":                      {"An answer is needed", true},
		"allow_recovery":                {"A recovery code does too", true},
		"start_output_id":               {"First line of the stage", 1},
		"end_output_id":                 {"Last line of the stage", 20},
		"invite_type":                   {"How people are invited", "username"},
		"invites_enabled":               {"People can be invited", false},
		"members_can_leave":             {"Members may leave on their own", true},
		"vaults":                        {"Passwords of vaults", nil},
		"expired":                       {"Does not count any more", false},
		"env":                           {"Environment variables: a flat JSON object as text", `{"STAGE":"production"}`},
		"json":                          {"Extra variables: a JSON object as text", `{"stage":"production"}`},
		"environment":                   {"Extra variables: a JSON object as text", `{"stage":"production"}`},
		"filter":                        {"Kept for clients of the reference", nil},
		"scopes":                        {"What it may be used for", []any{"read", "run"}},
		"projects":                      {"Numbers of projects", []any{1}},
		"error":                         {"What is wrong", "must not be empty"},
		"request_id":                    {"Number of the request in the server's log", "9f86d081884c7d65"},
		"ip":                            {"Address", "192.0.2.7"},
		"user_agent":                    {"Program that asked", "Mozilla/5.0"},
		"Reference.type":                {"Kind of the object", "template"},
		"Project.type":                  {"Always empty; kept for clients of the reference", ""},
		"InventoryInput.type":           {"static, static-yaml, file, none, or a kind of workspace", "static"},
		"HostConfigInput.type":          {"", "host"},
		"HostConfig.type":               {"", "host"},
		"KeyInput.type":                 {"", "login_password"},
		"Key.type":                      {"", "login_password"},
		"Key.source_storage_type":       {"", "env"},
		"VaultInput.type":               {"password or script", "password"},
		"MemberInput.role":              {"Role in the project", "guest"},
		"GroupSecretInput.type":         {"", "var"},
		"GroupSecretInput.operation":    {"", "create"},
		"TaskStage.type":                {"Kind of the stage", "init"},
		"inviter_user_id":               {"Number of the user who invites", 1},
		"count_by_status":               {"How many tasks ended so", nil},
		"runner_name":                   {"Name of the runner", "build-1"},
		"current_password":              {"The present password", ""},
		"passcode":                      {"The present code of the second factor", "123456"},
		"recovery_code":                 {"A recovery code that was not used yet", ""},
		"disabled":                      {"Cannot sign in", false},
		"role_slug":                     {"Role that the rights are for", "guest"},
		"matches":                       {"Numbers of the lines", nil},
		"Login.auth":                    {"", "alice"},
	}
}

// explain fills in what the types leave unsaid.
func (a *api) explain() {
	table, docs := propertyWords(), schemaDocs()
	for name, s := range a.huma.OpenAPI().Components.Schemas.Map() {
		if s.Description == "" {
			s.Description = docs[name]
		}
		for property, p := range s.Properties {
			w, ok := table[name+"."+property]
			if !ok || w.doc == "" {
				w.doc = table[property].doc
			}
			if p.Ref == "" && p.Description == "" && len(p.Enum) == 0 {
				p.Description = w.doc
			}
		}
	}
}

// exampler makes examples of schemas: the example tag of a property first, then
// the table of words, then what the type allows.
type exampler struct {
	registry huma.Registry
	table    map[string]words
	request  bool // leave out what the address says already
}

func (x exampler) of(s *huma.Schema, schema, property string, depth int) any {
	if s == nil || depth > 20 {
		return nil
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return x.of(x.registry.SchemaFromRef(s.Ref), name, "", depth+1)
	}
	if len(s.Examples) > 0 {
		return s.Examples[0]
	}
	own, isOwn := x.table[schema+"."+property]
	common := x.table[property]
	switch {
	case isOwn && own.example != nil:
		return own.example
	case len(s.Enum) > 0:
		return s.Enum[0]
	case common.example != nil && fits(s, common.example):
		return common.example
	}
	if s.ContentEncoding == "base64" {
		return "c2VjcmV0"
	}
	switch s.Type {
	case huma.TypeBoolean:
		return false
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 0
	case huma.TypeString:
		switch s.Format {
		case "date-time":
			return "2026-01-31T12:00:00Z"
		case "uri":
			return "https://example.org"
		}
		return ""
	case huma.TypeArray:
		item := x.of(s.Items, schema, property, depth+1)
		if item == nil {
			return []any{}
		}
		return []any{item}
	case huma.TypeObject:
		out := map[string]any{}
		for name, p := range s.Properties {
			if x.request && (p.ReadOnly || name == "id" || name == "project_id") || p.WriteOnly && !x.request {
				continue
			}
			if v := x.of(p, schema, name, depth+1); v != nil || slices.Contains(s.Required, name) {
				out[name] = v
			}
		}
		return out
	}
	return nil
}

// fits tells whether an example of the table is of the type.
func fits(s *huma.Schema, v any) bool {
	switch v := v.(type) {
	case bool:
		return s.Type == huma.TypeBoolean
	case int:
		return s.Type == huma.TypeInteger
	case string:
		return s.Type == huma.TypeString && s.Format == "" && s.ContentEncoding == ""
	case []any:
		return s.Type == huma.TypeArray && (len(v) == 0 || s.Items != nil && fits(s.Items, v[0]))
	}
	return false
}

// exemplify adds an example to every body.
func (a *api) exemplify() {
	doc := a.huma.OpenAPI()
	x := exampler{registry: doc.Components.Schemas, table: propertyWords()}
	for _, path := range doc.Paths {
		for _, op := range operationsOf(path) {
			if op.RequestBody != nil {
				x.request = true
				for _, media := range op.RequestBody.Content {
					media.Example = x.of(media.Schema, "", "", 0)
				}
			}
			x.request = false
			for code, answer := range op.Responses {
				for kind, media := range answer.Content {
					if code == "default" || kind != jsonType {
						continue
					}
					media.Example = x.of(media.Schema, "", "", 0)
				}
			}
		}
	}
}

func operationsOf(path *huma.PathItem) []*huma.Operation {
	var out []*huma.Operation
	for _, op := range []*huma.Operation{path.Get, path.Head, path.Post, path.Put, path.Patch, path.Delete} {
		if op != nil {
			out = append(out, op)
		}
	}
	return out
}
