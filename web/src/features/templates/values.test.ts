import { expect, test } from "vitest";
import type { Template } from "@/api/types";
import { foreignArguments, parseArguments, parseStages, stagesText, templateBody, templateField, templateRules, templateValues } from "./values";

const template = {
  id: 4,
  project_id: 1,
  name: "Deploy",
  app: "ansible",
  playbook: "site.yml",
  repository_id: 2,
  inventory_id: 3,
  environment_ids: [6],
  environment_id: 6,
  arguments: '["--diff","a b"]',
  type: "deploy",
  build_template_id: 9,
  view_id: 7,
  tasks: 0,
  permissions: 15,
  task_params: { limit: ["web"], allow_override_limit: true, unknown_to_us: 1 },
  survey_vars: [
    { name: "count", title: "How many", type: "integer", default_value: "2" },
    { name: "text", title: "Text", type: "" },
    { name: "password", title: "Password", type: "secret", required: true },
    { name: "env", title: "Where", type: "enum", values: [{ name: "Production", value: "prod" }] },
  ],
  vaults: [{ id: 8, project_id: 1, template_id: 4, type: "password", vault_key_id: 5 }],
} as Template;

test("an unchanged template goes back whole, with the fields the form does not show", () => {
  const body = templateBody(1, templateValues(template), template);
  expect(body).toMatchObject({
    id: 4,
    name: "Deploy",
    app: "ansible",
    repository_id: 2,
    inventory_id: 3,
    environment_id: 6,
    arguments: '["--diff","a b"]',
    type: "deploy",
    build_template_id: 9,
    view_id: 7,
    task_params: { limit: ["web"], allow_override_limit: true, unknown_to_us: 1 },
    vaults: [{ id: 8, type: "password", vault_key_id: 5, name: null, script: null }],
  });
  expect(body.survey_vars).toEqual([
    { name: "count", title: "How many", type: "int", required: false, default_value: "2" },
    { name: "text", title: "Text", type: "", required: false },
    { name: "password", title: "Password", type: "secret", required: true },
    {
      name: "env",
      title: "Where",
      type: "enum",
      required: false,
      values: [{ name: "Production", value: "prod" }],
    },
  ]);
});

test("a script sends no parts of Ansible", () => {
  const values = { ...templateValues(undefined, "bash"), name: "S", playbook: "a.sh" };
  values.ansible.limit = ["web"];
  const body = templateBody(1, { ...values, repository_id: 2 });
  expect(body).toMatchObject({ app: "bash", task_params: {}, vaults: [], arguments: "[]" });
});

test("arguments in another form are left as they are", () => {
  const foreign = { ...template, arguments: '{"plan":["-x"]}' };
  expect(parseArguments(foreign.arguments)).toBeUndefined();
  expect(templateBody(1, templateValues(foreign), foreign).arguments).toBe('{"plan":["-x"]}');
});

test("survey rows are checked together", () => {
  const rules = templateRules(((key: string) => key) as never);
  const values = templateValues(template);
  values.survey[1].name = "count";
  expect(rules.survey.name("count", values)).toBe("survey.repeated");
  expect(rules.survey.name("2nd", values)).toBe("survey.badName");
  expect(rules.survey.default_value("x", values, "survey.0.default_value")).toBe("survey.notNumber");
  expect(rules.survey.default_value("no", values, "survey.3.default_value")).toBe("survey.notListed");
  expect(rules.survey.default_value("prod", values, "survey.3.default_value")).toBeNull();
});

test("finds the field that the server names", () => {
  expect(templateField("survey_vars[1].name")).toBe("survey.1.name");
  expect(templateField("task_params.limit")).toBe("ansible.limit");
});

test("finds the field of the Terraform family that the server names", () => {
  expect(templateField("task_params.backend_filename", "terraform")).toBe("terraform.backend_filename");
  expect(templateField("arguments.plan", "terraform")).toBe("stages.plan");
  expect(templateField("arguments", "terraform")).toBe("stages.default");
  expect(templateField("max_task_duration_sec")).toBe("max_minutes");
});

const tofu = {
  ...template,
  app: "tofu",
  playbook: "",
  type: "",
  arguments: '{"init":["-lock=false"],"plan":["-parallelism=4"]}',
  task_params: { allow_destroy: true, backend_filename: "b.tf", other: 1 },
  max_task_duration_sec: 90,
} as Template;

test("arguments of stages are edited and written back as shortly as they can be", () => {
  const values = templateValues(tofu);
  expect(values).toMatchObject({ family: "terraform", type: "task", max_minutes: 1.5 });
  expect(values.stages).toEqual({ default: [], init: ["-lock=false"], plan: ["-parallelism=4"], apply: [] });
  const body = templateBody(1, values, tofu);
  expect(JSON.parse(body.arguments ?? "")).toEqual({ init: ["-lock=false"], plan: ["-parallelism=4"] });
  expect(body).toMatchObject({ type: "", build_template_id: null, autorun: false, max_task_duration_sec: 90, vaults: [] });
  expect(body.task_params).toMatchObject({ allow_destroy: true, backend_filename: "b.tf", other: 1, auto_approve: false });
  expect(stagesText({ default: ["-x"], init: [], plan: [], apply: [] })).toBe('["-x"]');
  expect(stagesText({ default: [], init: [], plan: [], apply: [] })).toBe("[]");
  expect(parseStages('["-x"]')?.default).toEqual(["-x"]);
});

test("stages that nobody knows are left as they are", () => {
  const strange = { ...tofu, arguments: '{"show":["-x"]}' };
  expect(foreignArguments(strange, "terraform")).toBe(true);
  expect(templateBody(1, templateValues(strange), strange).arguments).toBe('{"show":["-x"]}');
  expect(foreignArguments(tofu, "terraform")).toBe(false);
  expect(foreignArguments(tofu, "script")).toBe(true);
});

test("builds need a version to start from, deployments a build", () => {
  const rules = templateRules(((key: string) => key) as never);
  const values = templateValues(tofu);
  expect(rules.playbook("", values)).toBeNull();
  expect(rules.playbook("", { ...values, family: "script" })).toBe("errors.required");
  expect(rules.start_version("", { ...values, type: "build" })).toBe("errors.required");
  expect(rules.start_version("v", { ...values, type: "build" })).toBe("build.noNumber");
  expect(rules.start_version("1.0", { ...values, type: "build" })).toBeNull();
  expect(rules.build_template_id(null, { ...values, type: "deploy" })).toBe("errors.required");
  const backend = { ...values, terraform: { ...values.terraform, override_backend: true } };
  for (const bad of ["../b.tf", ".b.tf", "b.txt", "-b.tf", "#b.tf"]) {
    expect(rules.terraform.backend_filename(bad, backend)).toBe("terraform.backendBad");
  }
  expect(rules.terraform.backend_filename("backend.tf", backend)).toBeNull();
});

test("options of Galaxy and further variables are edited and written back", () => {
  const params = { skip_galaxy_install: true, galaxy_collection_args: ["--pre"], galaxy_role_args: ["-p", "a b"], allow_override_skip_galaxy_install: true };
  const galaxy = { ...template, task_params: params, allow_override_environment_in_task: true } as Template;
  const values = templateValues(galaxy);
  expect(values.ansible).toMatchObject(params);
  const body = templateBody(1, values, galaxy);
  expect(body.task_params).toMatchObject(params);
  expect(body.allow_override_environment_in_task).toBe(true);
  expect(templateBody(1, templateValues(template), template)).toMatchObject({
    allow_override_environment_in_task: false,
    task_params: { skip_galaxy_install: false, galaxy_collection_args: [] },
  });
  expect(templateField("task_params.galaxy_role_args")).toBe("ansible.galaxy_role_args");
});
