import type { TFunction } from "i18next";
import { expect, test } from "vitest";
import type { Integration, IntegrationValue, Matcher, Template } from "@/api/types";
import {
  extractBody, extractRules, extractValues, integrationBody, integrationField, integrationProblems, integrationValues, matcherBody, matcherRules, matcherValues,
} from "./values";

const t = ((key: string) => key) as unknown as TFunction<"automation"> & TFunction<"runs">;
const template = {
  id: 4,
  project_id: 1,
  name: "Deploy",
  app: "bash",
  repository_id: 2,
  survey_vars: [
    { name: "REF", title: "Branch", required: true },
    { name: "ENV", title: "Environment", default_value: "staging" },
  ],
} as unknown as Template;
const integration = {
  id: 7,
  project_id: 1,
  template_id: 4,
  name: "Push",
  auth_method: "token",
  auth_header: "X-Token",
  auth_secret_id: 3,
  searchable: true,
  task_params: { environment: '{"ENV":"prod"}' },
} as Integration;

test("what was read goes back as it was", () => {
  expect(integrationBody(1, integrationValues(integration, template), template, integration)).toEqual(integration);
});

test("answers that calls may bring are left out, not stored as empty or as the default", () => {
  const values = { ...integrationValues(undefined, template), name: "n" };
  expect(values.survey).toEqual({ REF: "", ENV: "" });
  expect(integrationProblems(values, template, t, t)).toEqual({});
  expect(integrationBody(1, values, template).task_params).toBeUndefined();
});

test("a method brings what it needs and leaves out the rest", () => {
  const values = integrationValues(integration, template);
  const none = integrationBody(1, { ...values, authMethod: "" }, template, integration);
  expect(none).toMatchObject({ auth_method: "", auth_header: "", auth_secret_id: null });
  const github = integrationBody(1, { ...values, authMethod: "github" }, template, integration);
  expect(github).toMatchObject({ auth_method: "github", auth_header: "", auth_secret_id: 3 });
  expect(integrationProblems({ ...values, authHeader: "X Token", authSecretId: null }, template, t, t)).toEqual({
    authHeader: "integrations.badHeader",
    authSecretId: "errors.required",
  });
});

test("complaints of the server reach their fields", () => {
  expect(integrationField(template, "auth_secret_id")).toBe("authSecretId");
  expect(integrationField(template, "task_params.arguments")).toBe("args");
  expect(integrationField(undefined, "task_params.arguments")).toBe("task_params.arguments");
});

test("matchers keep what they are", () => {
  const matcher: Matcher = {
    id: 2, integration_id: 7, name: "main only", match_type: "body", body_data_type: "json", key: "ref", method: "equals", value: "refs/heads/main ",
  };
  expect(matcherBody(7, matcherValues(matcher), matcher)).toEqual(matcher);
  const whole = matcherBody(7, { ...matcherValues(), name: "any", body_data_type: "string", value: "deploy" });
  expect(whole).toMatchObject({ body_data_type: "string", key: "body" });
  const header = matcherBody(7, { ...matcherValues(matcher), match_type: "header", key: " X-Event " });
  expect(header).toMatchObject({ match_type: "header", body_data_type: "", key: "X-Event" });
});

test("a key is asked for where there is something to find by it", () => {
  const rules = matcherRules(t);
  expect(rules.key("", { ...matcherValues(), match_type: "header" })).toBe("errors.required");
  expect(rules.key("", { ...matcherValues(), body_data_type: "string" })).toBeNull();
  expect(rules.value(" ")).toBe("errors.required");
  expect(extractRules(t).key("", { ...extractValues(), value_source: "body", body_data_type: "json" })).toBe("errors.required");
  expect(extractRules(t).key("", { ...extractValues(), value_source: "body", body_data_type: "string" })).toBeNull();
});

test("values keep what they are", () => {
  const value: IntegrationValue = {
    id: 5, integration_id: 7, name: "who", value_source: "header", body_data_type: "", key: "X-Who", variable: "WHO", variable_type: "environment",
  };
  expect(extractBody(7, extractValues(value), value)).toEqual(value);
  const whole = extractBody(7, { ...extractValues(value), value_source: "body", body_data_type: "string" }, value);
  expect(whole).toMatchObject({ value_source: "body", body_data_type: "string", key: "" });
});
