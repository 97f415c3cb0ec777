import type { TFunction } from "i18next";
import type { Schedule, ScheduleInput, Template } from "@/api/types";
import { noValues, paramBody, paramField, paramProblems, paramValues, type ParamValues } from "../params";

/** By the clock, once, or when a repository has new commits. */
export const scheduleKinds = ["cron", "run_at", "commits"] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];

export type ScheduleValues = ParamValues & {
  name: string;
  kind: ScheduleKind;
  cron: string;
  /** A time of this device as its picker writes it; "" for none. */
  runAt: string;
  deleteAfterRun: boolean;
  repository_id: number | null;
  active: boolean;
};

/** The kind of a stored schedule. */
export function kindOf(schedule: Pick<Schedule, "type" | "repository_id">): ScheduleKind {
  if (schedule.type === "run_at") return "run_at";
  return schedule.repository_id == null ? "cron" : "commits";
}

/** What a list calls a schedule: its name, or that of its template. */
export function shownName(schedule: { name: string; tpl_name?: string; id: number }): string {
  return schedule.name.trim() || schedule.tpl_name || `#${String(schedule.id)}`;
}

const pad = (n: number) => String(n).padStart(2, "0");

/** A time as the picker writes it, in the zone of this device. */
export function toPicker(at: Date): string {
  const day = `${String(at.getFullYear()).padStart(4, "0")}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** The time of the picker as the server wants it; undefined when there is none. */
export function fromPicker(text: string): string | undefined {
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** The hour that begins next. */
export function nextHour(now = new Date()): Date {
  const at = new Date(now);
  at.setHours(at.getHours() + 1, 0, 0, 0);
  return at;
}

export function scheduleValues(schedule?: Schedule, template?: Template): ScheduleValues {
  return {
    ...(template ? paramValues(template, "schedule", schedule?.task_params) : noValues),
    template_id: schedule?.template_id ?? template?.id ?? null,
    name: schedule?.name ?? "",
    kind: schedule ? kindOf(schedule) : "cron",
    cron: schedule?.cron_format || "0 3 * * *",
    runAt: schedule?.run_at ? toPicker(new Date(schedule.run_at)) : toPicker(nextHour()),
    deleteAfterRun: schedule?.delete_after_run ?? false,
    repository_id: schedule?.repository_id ?? template?.repository_id ?? null,
    active: schedule?.active ?? true,
  };
}

export function scheduleBody(project: number, values: ScheduleValues, template: Template, original?: Schedule): ScheduleInput {
  const { kind } = values;
  const once = kind === "run_at";
  // The picker knows no seconds: a time that was not touched goes back as it was.
  const untouched = original?.run_at && values.runAt === toPicker(new Date(original.run_at));
  const stored = original?.template_id === template.id ? original.task_params : undefined;
  const params = paramBody(template, "schedule", values, stored);
  return {
    ...(original ? { id: original.id } : {}),
    project_id: project,
    template_id: template.id,
    name: values.name.trim(),
    active: values.active,
    delete_after_run: values.deleteAfterRun,
    ...(once
      ? { type: "run_at", run_at: untouched ? original?.run_at : fromPicker(values.runAt) }
      : { type: "", cron_format: values.cron.trim() }),
    repository_id: kind === "commits" ? values.repository_id : null,
    ...(params ? { task_params: params } : {}),
  };
}

/** `own` knows the texts of this part, `runs` those of the launch form. */
export function scheduleProblems(
  values: ScheduleValues,
  template: Template | undefined,
  own: TFunction<"automation">,
  runs: TFunction<"runs">,
): Record<string, string> {
  const problems: Record<string, string> = template ? paramProblems(template, "schedule", values, runs) : {};
  const required = own("errors.required");
  if (!values.name.trim()) problems.name = required;
  if (values.template_id === null) problems.template_id = required;
  else if (template === undefined) problems.template_id = own("fields.templateLoading");
  if (values.kind === "run_at") {
    if (fromPicker(values.runAt) === undefined) problems.runAt = required;
  } else if (!values.cron.trim()) {
    problems.cron = required;
  }
  if (values.kind === "commits" && values.repository_id === null) problems.repository_id = required;
  return problems;
}

const fields: Record<string, string> = { cron_format: "cron", run_at: "runAt", type: "kind" };

/** The form's name for a field that the server complained about. */
export function scheduleField(template: Template | undefined, field: string): string {
  return fields[field] ?? paramField(template, field);
}
