import type { TFunction } from "i18next";
import { expect, test } from "vitest";
import type { Schedule, Template } from "@/api/types";
import { fromPicker, kindOf, nextHour, scheduleBody, scheduleField, scheduleProblems, scheduleValues, shownName, toPicker } from "./values";

const t = ((key: string) => key) as unknown as TFunction<"automation"> & TFunction<"runs">;
const template = {
  id: 4,
  project_id: 1,
  name: "Deploy",
  app: "ansible",
  type: "deploy",
  repository_id: 2,
  inventory_id: 3,
  survey_vars: [
    { name: "WHO", title: "Who", required: true },
    { name: "PIN", title: "Pin", type: "secret", required: true },
  ],
  task_params: { allow_override_limit: true },
} as unknown as Template;
const schedule = {
  id: 9,
  project_id: 1,
  template_id: 4,
  name: "Nightly",
  type: "",
  cron_format: "CRON_TZ=Asia/Tokyo 0 3 * * *",
  active: true,
  delete_after_run: false,
  repository_id: null,
  task_params: { environment: '{"WHO":"me"}', version: "1.2", message: "by night", params: { limit: ["web"], custom: 7 } },
} as Schedule;

test("what was read goes back as it was", () => {
  expect(scheduleBody(1, scheduleValues(schedule, template), template, schedule)).toEqual({
    id: 9,
    project_id: 1,
    template_id: 4,
    name: "Nightly",
    active: true,
    delete_after_run: false,
    type: "",
    cron_format: "CRON_TZ=Asia/Tokyo 0 3 * * *",
    repository_id: null,
    task_params: schedule.task_params,
  });
});

test("another template takes nothing over that was stored for the one before", () => {
  const other = { ...template, id: 5, survey_vars: [], task_params: {} } as unknown as Template;
  const body = scheduleBody(1, { ...scheduleValues(undefined, other), name: "n" }, other, schedule);
  expect(body.template_id).toBe(5);
  expect(body.task_params).toBeUndefined();
});

test("a time that is not touched keeps its seconds, another one is of this device", () => {
  const once = { ...schedule, type: "run_at", cron_format: "", run_at: "2030-01-31T12:00:42Z" } as Schedule;
  const values = scheduleValues(once, template);
  expect(values.kind).toBe("run_at");
  expect(scheduleBody(1, values, template, once)).toMatchObject({ type: "run_at", run_at: "2030-01-31T12:00:42Z" });
  const moved = scheduleBody(1, { ...values, runAt: "2031-05-01T08:30" }, template, once);
  expect(moved.run_at).toBe(new Date(2031, 4, 1, 8, 30).toISOString());
  expect(moved.cron_format).toBeUndefined();
});

test("schedules that look for commits stay so", () => {
  const checker = { ...schedule, repository_id: 2 } as Schedule;
  expect(kindOf(checker)).toBe("commits");
  expect(scheduleBody(1, scheduleValues(checker, template), template, checker).repository_id).toBe(2);
});

test("the picker's time and back", () => {
  const at = new Date(2030, 0, 5, 7, 8);
  expect(toPicker(at)).toBe("2030-01-05T07:08");
  expect(fromPicker("2030-01-05T07:08")).toBe(at.toISOString());
  expect(fromPicker("")).toBeUndefined();
  expect(fromPicker("never")).toBeUndefined();
  expect(nextHour(new Date(2030, 11, 31, 23, 59))).toEqual(new Date(2031, 0, 1, 0, 0));
});

test("what is missing is said at its field, and no secret is asked for", () => {
  const empty = { ...scheduleValues(undefined, template), cron: " " };
  expect(scheduleProblems(empty, template, t, t)).toEqual({
    name: "errors.required",
    cron: "errors.required",
    "survey.WHO": "launch.problem.required",
  });
  expect(scheduleProblems({ ...empty, template_id: null, kind: "run_at", runAt: "" }, undefined, t, t)).toEqual({
    name: "errors.required",
    template_id: "errors.required",
    runAt: "errors.required",
  });
  expect(scheduleProblems({ ...empty, name: "n", cron: "@daily" }, undefined, t, t)).toEqual({
    template_id: "fields.templateLoading",
  });
});

test("complaints of the server reach their fields", () => {
  expect(scheduleField(template, "cron_format")).toBe("cron");
  expect(scheduleField(template, "run_at")).toBe("runAt");
  expect(scheduleField(template, "task_params.environment.WHO")).toBe("survey.WHO");
  expect(scheduleField(template, "task_params.params.limit")).toBe("limit");
  expect(scheduleField(template, "task_params.inventory_id")).toBe("inventoryId");
  expect(scheduleField(template, "name")).toBe("name");
});

test("a schedule without a name goes by its template", () => {
  expect(shownName({ id: 1, name: " ", tpl_name: "Deploy" })).toBe("Deploy");
  expect(shownName({ id: 1, name: "" })).toBe("#1");
});
