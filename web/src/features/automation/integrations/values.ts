import type { TFunction } from "i18next";
import type { Integration, IntegrationInput, IntegrationValue, IntegrationValueInput, Matcher, MatcherInput, Template } from "@/api/types";
import { noValues, paramBody, paramField, paramProblems, paramValues, type ParamValues } from "../params";

export const authMethods = ["", "github", "bitbucket", "token", "hmac", "basic"] as const;

/** The name of a method in texts: "none" for the one that has no name. */
export const methodName = (method: string) => method || "none";

export const needsHeader = (method: string) => method === "token" || method === "hmac";

export type IntegrationValues = ParamValues & {
  name: string;
  authMethod: string;
  authHeader: string;
  authSecretId: number | null;
  searchable: boolean;
};

export function integrationValues(integration?: Integration, template?: Template): IntegrationValues {
  return {
    ...(template ? paramValues(template, "integration", integration?.task_params) : noValues),
    template_id: integration?.template_id ?? template?.id ?? null,
    name: integration?.name ?? "",
    authMethod: integration?.auth_method ?? "",
    authHeader: integration?.auth_header ?? "",
    authSecretId: integration?.auth_secret_id ?? null,
    searchable: integration?.searchable ?? false,
  };
}

export function integrationBody(project: number, values: IntegrationValues, template: Template, original?: Integration): IntegrationInput {
  const stored = original?.template_id === template.id ? original.task_params : undefined;
  const params = paramBody(template, "integration", values, stored);
  const method = values.authMethod;
  return {
    ...(original ? { id: original.id } : {}),
    project_id: project,
    name: values.name.trim(),
    template_id: template.id,
    auth_method: method,
    auth_header: needsHeader(method) ? values.authHeader.trim() : "",
    auth_secret_id: method === "" ? null : values.authSecretId,
    searchable: values.searchable,
    ...(params ? { task_params: params } : {}),
  };
}

/** `own` knows the texts of this part, `runs` those of the launch form. */
export function integrationProblems(
  values: IntegrationValues,
  template: Template | undefined,
  own: TFunction<"automation">,
  runs: TFunction<"runs">,
): Record<string, string> {
  const problems: Record<string, string> = template ? paramProblems(template, "integration", values, runs) : {};
  const required = own("errors.required");
  if (!values.name.trim()) problems.name = required;
  if (values.template_id === null) problems.template_id = required;
  else if (template === undefined) problems.template_id = own("fields.templateLoading");
  if (values.authMethod !== "" && values.authSecretId === null) problems.authSecretId = required;
  if (needsHeader(values.authMethod) && !isHeader(values.authHeader)) problems.authHeader = own("integrations.badHeader");
  return problems;
}

const isHeader = (text: string) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text.trim());

const fields: Record<string, string> = { auth_method: "authMethod", auth_header: "authHeader", auth_secret_id: "authSecretId" };

/** The form's name for a field that the server complained about. */
export function integrationField(template: Template | undefined, field: string): string {
  return fields[field] ?? paramField(template, field);
}

export const places = ["body", "header"] as const;
export const bodyTypes = ["json", "string"] as const;
export const methods = ["equals", "unequals", "contains"] as const;

export type MatcherValues = {
  name: string;
  match_type: string;
  body_data_type: string;
  key: string;
  method: string;
  value: string;
};

export function matcherValues(matcher?: Matcher): MatcherValues {
  return {
    name: matcher?.name ?? "",
    match_type: matcher?.match_type ?? "body",
    body_data_type: matcher?.body_data_type || "json",
    key: matcher?.key ?? "",
    method: matcher?.method ?? "equals",
    value: matcher?.value ?? "",
  };
}

/** The server wants a key of every matcher, also of one for the whole body, which has no use for it. */
const wholeBody = "body";

export function matcherBody(integration: number, values: MatcherValues, original?: Matcher): MatcherInput {
  const whole = values.match_type === "body" && values.body_data_type === "string";
  return {
    ...(original ? { id: original.id } : {}),
    integration_id: integration,
    name: values.name.trim(),
    match_type: values.match_type,
    body_data_type: values.match_type === "body" ? values.body_data_type : "",
    key: whole ? original?.key || wholeBody : values.key.trim(),
    method: values.method,
    value: values.value,
  };
}

/** Whether a part looks for something by its name: a header, or a place in JSON. */
export const keyed = (place: string, bodyType: string) => place === "header" || bodyType === "json";

export function matcherRules(t: TFunction<"automation">) {
  const filled = (v: string) => (v.trim() ? null : t("errors.required"));
  return {
    name: filled,
    key: (v: string, all: MatcherValues) => (keyed(all.match_type, all.body_data_type) ? filled(v) : null),
    value: filled,
  };
}

export type ExtractValues = {
  name: string;
  value_source: string;
  body_data_type: string;
  key: string;
  variable_type: string;
  variable: string;
};

export const variableTypes = ["environment", "task"] as const;

export function extractValues(value?: IntegrationValue): ExtractValues {
  return {
    name: value?.name ?? "",
    value_source: value?.value_source ?? "body",
    body_data_type: value?.body_data_type || "json",
    key: value?.key ?? "",
    variable_type: value?.variable_type || "environment",
    variable: value?.variable ?? "",
  };
}

export function extractBody(integration: number, values: ExtractValues, original?: IntegrationValue): IntegrationValueInput {
  const body = values.value_source === "body";
  return {
    ...(original ? { id: original.id } : {}),
    integration_id: integration,
    name: values.name.trim(),
    value_source: values.value_source,
    body_data_type: body ? values.body_data_type : "",
    key: keyed(values.value_source, values.body_data_type) ? values.key.trim() : "",
    variable_type: values.variable_type,
    variable: values.variable.trim(),
  };
}

export function extractRules(t: TFunction<"automation">) {
  const filled = (v: string) => (v.trim() ? null : t("errors.required"));
  return {
    name: filled,
    key: (v: string, all: ExtractValues) => (keyed(all.value_source, all.body_data_type) ? filled(v) : null),
    variable: filled,
  };
}
