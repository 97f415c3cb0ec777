import { describe, expect, it } from "vitest";
import type { Task, Template } from "@/api/types";
import { buildPayload, defaultsOf, isObject, promptsOf } from "./payload";
import { prefill, repeatPayload } from "./prefill";
import { surveyKind, surveyProblem } from "./survey";

const template = {
  id: 4,
  project_id: 1,
  name: "Deploy",
  app: "ansible",
  playbook: "site.yml",
  repository_id: 2,
  inventory_id: 3,
  arguments: '["--forks=5"]',
  git_branch: "main",
  allow_override_args_in_task: true,
  allow_override_branch_in_task: true,
  survey_vars: [
    { name: "version", title: "Version", required: true, type: "" },
    { name: "count", title: "Count", type: "integer", default_value: "2" },
    { name: "env", title: "Env", type: "enum", values: [{ name: "Staging", value: "stg" }], default_value: "stg" },
    { name: "token", title: "Token", type: "secret", required: true, default_value: "ignored" },
  ],
  task_params: {
    allow_override_limit: true,
    allow_override_tags: true,
    allow_override_inventory: true,
    allow_debug: true,
    limit: ["web"],
  },
} as unknown as Template;
const locked = {
  ...template,
  allow_override_args_in_task: false,
  allow_override_branch_in_task: false,
  task_params: {},
  survey_vars: [],
} as unknown as Template;
const task = (over: Partial<Task>) => ({ id: 9, template_id: 4, project_id: 1, status: "success", ...over }) as Task;

describe("survey", () => {
  it.each([
    ["", "text"],
    ["string", "text"],
    ["integer", "int"],
    ["int", "int"],
    ["enum", "enum"],
    ["secret", "secret"],
    ["something-new", "text"],
    [undefined, "text"],
  ])("%s is asked as %s", (type, kind) => {
    expect(surveyKind(type)).toBe(kind);
  });

  it("finds what is wrong with an answer", () => {
    const [version, count, env] = template.survey_vars ?? [];
    expect(surveyProblem(version!, "")).toBe("required");
    expect(surveyProblem(count!, "")).toBeNull();
    expect(surveyProblem(count!, "-12")).toBeNull();
    expect(surveyProblem(count!, "1.5")).toBe("integer");
    expect(surveyProblem(env!, "prod")).toBe("choice");
    expect(surveyProblem(env!, "stg")).toBeNull();
  });
});

describe("buildPayload", () => {
  it("sends the least for an untouched form", () => {
    expect(buildPayload(locked, defaultsOf(locked))).toEqual({ template_id: 4 });
  });

  it("keeps secrets apart and integers whole", () => {
    const values = {
      ...defaultsOf(template),
      survey: { version: "1.10", count: "007", env: "stg", token: "s3cret" },
    };
    const payload = buildPayload(template, values);
    expect(JSON.parse(payload.environment ?? "")).toEqual({ version: "1.10", count: 7, env: "stg" });
    expect(JSON.parse(payload.secret ?? "")).toEqual({ token: "s3cret" });
    expect(payload.environment).not.toContain("s3cret");
    const huge = buildPayload(template, { ...values, survey: { count: "123456789012345678901", env: "stg" } });
    expect(huge.environment).toBe('{"count":"123456789012345678901","env":"stg"}');
    const emptied = buildPayload(template, { ...values, survey: { version: "", count: "", env: "stg" } });
    expect(emptied.environment).toBe('{"count":"","env":"stg"}');
  });

  it("sends changes, an emptied list included, and nothing else", () => {
    const payload = buildPayload(template, {
      ...defaultsOf(template),
      message: " hot fix ",
      branch: "release",
      inventoryId: 8,
      args: ["--forks", "5"],
      limit: [],
      tags: ["nginx"],
      skipTags: ["not allowed"],
      debugLevel: 3,
      dryRun: true,
      diff: true,
      buildTaskId: 77,
    });
    expect(payload).toMatchObject({
      message: "hot fix",
      git_branch: "release",
      inventory_id: 8,
      arguments: '["--forks","5"]',
      params: { debug: true, debug_level: 3, dry_run: true, diff: true, limit: [], tags: ["nginx"] },
    });
    expect(payload.params).not.toHaveProperty("skip_tags");
    expect(payload).not.toHaveProperty("build_task_id");
  });

  it("drops what the template does not allow", () => {
    const payload = buildPayload(locked, {
      ...defaultsOf(locked),
      branch: "evil",
      inventoryId: 99,
      args: ["-e", "x"],
      limit: ["all"],
      debugLevel: 4,
    });
    expect(payload).toEqual({ template_id: 4 });
  });

  it("asks for a build only in deploys, for ansible modes only in ansible", () => {
    const deploy = { ...locked, type: "deploy", app: "bash" } as Template;
    expect(promptsOf(deploy)).toMatchObject({ build: true, modes: false });
    expect(buildPayload(deploy, { ...defaultsOf(deploy), buildTaskId: 7, dryRun: true })).toEqual({
      template_id: 4,
      build_task_id: 7,
    });
  });
});

describe("prefill", () => {
  it("starts from the template, never with a secret", () => {
    const values = prefill(template, undefined, {});
    expect(values).toMatchObject({ branch: "main", inventoryId: 3, args: [], limit: ["web"] });
    expect(values.survey).toEqual({ version: "", count: "2", env: "stg", token: "" });
  });

  it("takes over the run to repeat, then the address", () => {
    const source = task({
      environment: '{"version":"1.2","count":5,"token":"leaked"}',
      git_branch: "topic",
      inventory_id: 12,
      params: { limit: ["db"], debug: true, debug_level: 2, dry_run: true },
    });
    const values = prefill(template, source, { "var.version": 3, "var.token": "x", limit: "a, b" });
    expect(values.survey).toEqual({ version: "3", count: "5", env: "stg", token: "" });
    expect(values).toMatchObject({ branch: "topic", inventoryId: 12, limit: ["a", "b"], debugLevel: 2, dryRun: true });
  });

  it("survives broken stored values", () => {
    const source = task({ environment: "not json", arguments: "{", params: { limit: "text" } });
    expect(prefill(template, source, {}).limit).toEqual(["web"]);
    expect(prefill(template, source, {}).args).toEqual([]);
  });

  it("repeats a run as it was unless secrets are needed", () => {
    const source = task({ environment: '{"a":1}', params: { limit: ["x"] }, message: "m" });
    expect(repeatPayload(template, source)).toBeNull();
    expect(repeatPayload(locked, source)).toEqual({
      template_id: 4,
      environment: '{"a":1}',
      message: "m",
      params: { limit: ["x"] },
    });
  });
});

describe("the Terraform family", () => {
  const tofu = (params: Record<string, unknown>) => ({ id: 4, app: "tofu", task_params: params }) as unknown as Template;

  it("offers only what the template allows", () => {
    expect(promptsOf(tofu({})).terraform).toEqual(["plan", "upgrade", "migrate_state", "reconfigure"]);
    expect(promptsOf(tofu({ allow_destroy: true, allow_auto_approve: true })).terraform).toEqual([
      "plan", "destroy", "auto_approve", "upgrade", "migrate_state", "reconfigure",
    ]);
    expect(promptsOf(tofu({ allow_auto_approve: true, auto_approve: true })).terraform).not.toContain("auto_approve");
    expect(promptsOf({ id: 4, app: "bash", task_params: { allow_destroy: true } } as unknown as Template).terraform).toEqual([]);
  });

  it("sends what was chosen and is allowed", () => {
    const values = { ...defaultsOf(tofu({})), terraform: { plan: false, destroy: true, auto_approve: true, upgrade: true, migrate_state: false, reconfigure: false } };
    expect(buildPayload(tofu({}), values)).toEqual({ template_id: 4, params: { upgrade: true } });
    const free = tofu({ allow_destroy: true, allow_auto_approve: true });
    expect(buildPayload(free, values).params).toEqual({ destroy: true, auto_approve: true, upgrade: true });
    const planned = { ...values, terraform: { ...values.terraform, plan: true } };
    expect(buildPayload(free, planned).params).toEqual({ plan: true, destroy: true, upgrade: true });
  });

  it("copies the state unless the backend is forgotten", () => {
    const values = { ...defaultsOf(tofu({})), terraform: { ...defaultsOf(tofu({})).terraform, migrate_state: true } };
    expect(buildPayload(tofu({}), values).params).toEqual({ migrate_state: true });
    const both = { ...values, terraform: { ...values.terraform, reconfigure: true } };
    expect(buildPayload(tofu({}), both).params).toEqual({ reconfigure: true });
    expect(prefill(tofu({}), task({ params: { migrate_state: true } }), {}).terraform.migrate_state).toBe(true);
  });

  it("lets its own workspaces be chosen without being told", () => {
    expect(promptsOf(tofu({})).inventory).toBe(true);
    const own = { ...tofu({}), inventory_id: 3 } as Template;
    expect(buildPayload(own, defaultsOf(own))).toEqual({ template_id: 4 });
    expect(buildPayload(own, { ...defaultsOf(own), inventoryId: 8 })).toEqual({ template_id: 4, inventory_id: 8 });
  });
});

describe("further variables", () => {
  const open = { ...locked, allow_override_environment_in_task: true } as Template;

  it("go as they were typed, so that numbers stay whole", () => {
    const send = (template: Template, variables: string) =>
      buildPayload(template, { ...defaultsOf(template), variables }).environment;
    expect(send(open, ' {"big": 12345678901234567890, "f": 1.50} ')).toBe('{"big": 12345678901234567890, "f": 1.50}');
    expect(send(open, "{}")).toBeUndefined();
    expect(send(open, "")).toBeUndefined();
    expect(send(locked, '{"a":1}')).toBeUndefined();
    const asked = { ...open, survey_vars: [{ name: "count", title: "", type: "int", default_value: "2" }] } as Template;
    const both = send(asked, '{"a": 1, "count": 9}');
    expect(both).toBe('{"a": 1, "count": 9,"count":2}');
    expect(JSON.parse(both ?? "")).toEqual({ a: 1, count: 2 });
  });

  it("must be an object", () => {
    for (const bad of ["[1]", "1", "null", "{", '"a"']) expect(isObject(bad)).toBe(false);
    for (const good of ["", " ", "{}", '{"a":null}']) expect(isObject(good)).toBe(true);
  });

  it("are filled in again, without what the survey asks for", () => {
    expect(prefill(open, task({ environment: '{"a":1.50}' }), {}).variables).toBe('{"a":1.50}');
    expect(prefill(locked, task({ environment: '{"a":1}' }), {}).variables).toBe("");
    const asked = { ...open, survey_vars: [{ name: "n", title: "" }] } as Template;
    expect(JSON.parse(prefill(asked, task({ environment: '{"a":1,"n":"x"}' }), {}).variables)).toEqual({ a: 1 });
    expect(prefill(asked, task({ environment: '{"n":"x"}' }), {}).variables).toBe("");
  });
});

describe("Galaxy requirements", () => {
  const galaxy = (params: Record<string, unknown>) => ({ ...locked, task_params: params }) as Template;

  it("are left out or installed where the template lets a run decide", () => {
    const closed = galaxy({ skip_galaxy_install: true });
    expect(buildPayload(closed, { ...defaultsOf(closed), skipGalaxy: false })).toEqual({ template_id: 4 });
    const free = galaxy({ skip_galaxy_install: true, allow_override_skip_galaxy_install: true });
    expect(buildPayload(free, defaultsOf(free))).toEqual({ template_id: 4 });
    expect(buildPayload(free, { ...defaultsOf(free), skipGalaxy: false }).params).toEqual({ skip_galaxy_install: false });
    expect(prefill(free, task({ params: { skip_galaxy_install: false } }), {}).skipGalaxy).toBe(false);
  });
});
