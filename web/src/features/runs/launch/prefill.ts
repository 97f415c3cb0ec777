import type { Task, TaskInput, TaskParams, Template } from "@/api/types";
import { choicesOf, defaultsOf, promptsOf, stringList, strings, type LaunchValues } from "./payload";
import { surveyKind } from "./survey";

type Search = Readonly<Record<string, unknown>>;

/** Values for the form: the address wins over the run to repeat, which wins over the template. */
export function prefill(template: Template, source: Task | undefined, search: Search): LaunchValues {
  const defaults = defaultsOf(template);
  const repeated = source === undefined ? defaults : fromTask(template, defaults, source);
  return fromSearch(template, repeated, search);
}

/** What a run was started with, or what starts of a template are stored with. */
export type Given = Pick<TaskParams, "environment" | "arguments" | "git_branch" | "message" | "inventory_id"> & {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly build_task_id?: number | null;
};

/** The values of the form for what was given; what the template does not ask for any more is left out. */
export function fromTask(template: Template, defaults: LaunchValues, task: Given): LaunchValues {
  const prompts = promptsOf(template);
  const params = task.params ?? {};
  const list = (allowed: boolean, key: string, otherwise: readonly string[]) =>
    allowed && Array.isArray(params[key]) ? strings(params[key]) : otherwise;
  const level = params.debug === true ? Number(params.debug_level ?? 4) || 4 : 0;
  return {
    survey: { ...defaults.survey, ...surveyAnswers(template, task.environment) },
    message: task.message ?? "",
    branch: (prompts.branch ? task.git_branch : null) || defaults.branch,
    inventoryId: (prompts.inventory ? task.inventory_id : null) ?? defaults.inventoryId,
    args: prompts.args && task.arguments ? stringList(task.arguments) : defaults.args,
    limit: list(prompts.limit, "limit", defaults.limit),
    tags: list(prompts.tags, "tags", defaults.tags),
    skipTags: list(prompts.skipTags, "skip_tags", defaults.skipTags),
    debugLevel: prompts.debug ? level : 0,
    dryRun: params.dry_run === true,
    diff: params.diff === true,
    skipGalaxy:
      prompts.galaxy && typeof params.skip_galaxy_install === "boolean" ? params.skip_galaxy_install : defaults.skipGalaxy,
    variables: prompts.variables ? furtherVariables(template, task.environment) : "",
    buildTaskId: task.build_task_id ?? null,
    terraform: choicesOf(params),
  };
}

function surveyAnswers(template: Template, environment: string | null | undefined): Record<string, string> {
  const given = jsonObject(environment);
  const known: Record<string, string> = {};
  for (const { name, type } of template.survey_vars ?? []) {
    const value = given[name];
    if (surveyKind(type) === "secret" || value === undefined || value === null) continue;
    known[name] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  return known;
}

/** The variables of a run that the survey does not ask for. */
function furtherVariables(template: Template, environment: string | null | undefined): string {
  const questions = template.survey_vars ?? [];
  const given = jsonObject(environment);
  if (Object.keys(given).length === 0) return "";
  // As it was sent, where there is nothing to take out of it.
  if (!questions.some(({ name }) => name in given)) return environment ?? "";
  const rest = Object.entries(given).filter(([name]) => questions.every((q) => q.name !== name));
  return rest.length === 0 ? "" : JSON.stringify(Object.fromEntries(rest), null, 2);
}

function fromSearch(template: Template, values: LaunchValues, search: Search): LaunchValues {
  const survey: Record<string, string> = { ...values.survey };
  for (const { name, type } of template.survey_vars ?? []) {
    const given = search[`var.${name}`];
    // Secrets never come from an address: it would keep them in histories and logs.
    if (given === undefined || surveyKind(type) === "secret") continue;
    survey[name] = typeof given === "object" ? JSON.stringify(given) : String(given);
  }
  const prompts = promptsOf(template);
  const list = (allowed: boolean, key: string, otherwise: readonly string[]) =>
    allowed && search[key] !== undefined ? commaList(search[key]) : otherwise;
  return {
    ...values,
    survey,
    message: typeof search.message === "string" ? search.message : values.message,
    branch: prompts.branch && typeof search.branch === "string" ? search.branch : values.branch,
    limit: list(prompts.limit, "limit", values.limit),
    tags: list(prompts.tags, "tags", values.tags),
    skipTags: list(prompts.skipTags, "skip_tags", values.skipTags),
  };
}

function commaList(value: unknown): string[] {
  const items = Array.isArray(value) ? strings(value) : String(value).split(",");
  return items.map((item) => item.trim()).filter((item) => item !== "");
}

function jsonObject(text: string | null | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? "");
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

/** Names of the secret questions: a repeated run has to ask them again. */
export function secretQuestions(template: Template): string[] {
  return (template.survey_vars ?? []).filter((q) => surveyKind(q.type) === "secret").map((q) => q.name);
}

/** The request for running a task again as it was. Null when secrets have to be entered first. */
export function repeatPayload(template: Template, task: Task): TaskInput | null {
  const secrets = (template.survey_vars ?? []).filter((q) => surveyKind(q.type) === "secret");
  if (secrets.length > 0) return null;
  return {
    template_id: task.template_id,
    ...(task.environment ? { environment: task.environment } : {}),
    ...(task.arguments ? { arguments: task.arguments } : {}),
    ...(task.git_branch ? { git_branch: task.git_branch } : {}),
    ...(task.message ? { message: task.message } : {}),
    ...(task.inventory_id ? { inventory_id: task.inventory_id } : {}),
    ...(task.build_task_id ? { build_task_id: task.build_task_id } : {}),
    ...(task.params ? { params: task.params } : {}),
  };
}
