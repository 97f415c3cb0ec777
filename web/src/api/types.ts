import type { paths } from "./schema";

// Names for the generated types, found by their route so that they survive any renaming of schemas.

type Json<R> = R extends { content: { "application/json": infer T } } ? NonNullable<T> : never;
type Answer<P extends keyof paths, M extends "get" | "post"> = paths[P] extends {
  [K in M]: { responses: infer R };
}
  ? R extends { 200: infer A }
    ? Json<A>
    : R extends { 201: infer A }
      ? Json<A>
      : never
  : never;
type Sent<P extends keyof paths, M extends "post" | "put"> = paths[P] extends {
  [K in M]: { requestBody?: infer B };
}
  ? Json<NonNullable<B>>
  : never;
type Element<L> = L extends (infer T)[] ? T : never;

export type User = Answer<"/api/user", "get">;
export type Project = Answer<"/api/project/{project_id}", "get">;
export type ProjectInput = Sent<"/api/projects", "post">;
export type Role = Answer<"/api/project/{project_id}/role", "get">;
export type Member = Element<Answer<"/api/project/{project_id}/users", "get">>;
export type CustomRole = Element<Answer<"/api/project/{project_id}/roles/all", "get">>;
export type Invite = Element<Answer<"/api/project/{project_id}/invites", "get">>;
export type App = Element<Answer<"/api/apps", "get">>;
export type AppInput = Sent<"/api/apps/{app}", "put">;
export type Token = Element<Answer<"/api/user/tokens", "get">>;
export type Session = Element<Answer<"/api/user/sessions", "get">>;
export type NewTOTP = Answer<"/api/users/{user_id}/2fas/totp", "post">;
export type Key = Element<Answer<"/api/project/{project_id}/keys", "get">>;
export type KeyInput = Sent<"/api/project/{project_id}/keys", "post">;
export type Repository = Element<Answer<"/api/project/{project_id}/repositories", "get">>;
export type RepositoryInput = Sent<"/api/project/{project_id}/repositories", "post">;
export type Inventory = Element<Answer<"/api/project/{project_id}/inventory", "get">>;
export type InventoryInput = Sent<"/api/project/{project_id}/inventory", "post">;
export type HostConfig = Element<Answer<"/api/project/{project_id}/host_configs", "get">>;
export type HostConfigInput = Sent<"/api/project/{project_id}/host_configs", "post">;
export type Environment = Answer<"/api/project/{project_id}/environment/{environment_id}", "get">;
export type EnvironmentInput = Sent<"/api/project/{project_id}/environment", "post">;
export type Template = Answer<"/api/project/{project_id}/templates/{template_id}", "get">;
export type TemplateInput = Sent<"/api/project/{project_id}/templates", "post">;
export type SurveyVar = Element<NonNullable<Template["survey_vars"]>>;
export type Vault = Element<NonNullable<Template["vaults"]>>;
export type Task = Answer<"/api/project/{project_id}/tasks/{task_id}", "get">;
export type TaskInput = Sent<"/api/project/{project_id}/tasks", "post">;
export type TaskRow = Element<Answer<"/api/project/{project_id}/tasks", "get">>;
export type Stage = Element<Answer<"/api/project/{project_id}/tasks/{task_id}/stages", "get">>;
export type Explanation = Answer<"/api/project/{project_id}/tasks/{task_id}/explain", "get">;
export type ExplainedVariable = Element<NonNullable<Explanation["variables"]>>;
export type Matrix = Answer<"/api/project/{project_id}/tasks/{task_id}/ansible/results", "get">;
export type Play = Element<NonNullable<Matrix["plays"]>>;
export type PlayTask = Element<NonNullable<Play["tasks"]>>;
export type Cell = Element<NonNullable<PlayTask["cells"]>>;
export type Schedule = Answer<"/api/project/{project_id}/schedules/{schedule_id}", "get">;
export type ScheduleRow = Element<Answer<"/api/project/{project_id}/schedules", "get">>;
export type ScheduleInput = Sent<"/api/project/{project_id}/schedules", "post">;
export type SchedulePreview = Answer<"/api/project/{project_id}/schedules/preview", "get">;
export type TaskParams = NonNullable<Schedule["task_params"]>;
export type Integration = Answer<"/api/project/{project_id}/integrations/{integration_id}", "get">;
export type IntegrationInput = Sent<"/api/project/{project_id}/integrations", "post">;
export type Matcher = Element<Answer<"/api/project/{project_id}/integrations/{integration_id}/matchers", "get">>;
export type MatcherInput = Sent<"/api/project/{project_id}/integrations/{integration_id}/matchers", "post">;
export type IntegrationValue = Element<Answer<"/api/project/{project_id}/integrations/{integration_id}/values", "get">>;
export type IntegrationValueInput = Sent<"/api/project/{project_id}/integrations/{integration_id}/values", "post">;
export type IntegrationAlias = Element<Answer<"/api/project/{project_id}/integrations/aliases", "get">>;
export type AuditRecord = Element<Answer<"/api/audit", "get">>;
export type ProjectEvent = Element<Answer<"/api/project/{project_id}/events", "get">>;
export type Runner = Answer<"/api/runners/{runner_id}", "get">;
export type RunnerInput = Sent<"/api/runners", "post">;
export type NewRunner = Answer<"/api/runners", "post">;
export type RoleInput = Sent<"/api/roles", "post">;
export type TokenInput = Sent<"/api/user/tokens", "post">;
export type TemplatePermission = Element<Answer<"/api/project/{project_id}/templates/{template_id}/perms", "get">>;
/** A channel for alerts that the server has switched on, and what became of a test message on it. */
export type AlertChannel = Element<Answer<"/api/project/{project_id}/alerts/channels", "get">>;
export type Notification = Element<Answer<"/api/project/{project_id}/tasks/{task_id}/notifications", "get">>;
