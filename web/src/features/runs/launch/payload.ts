import type { TaskInput, Template } from "@/api/types";
import { surveyKind } from "./survey";

/** What the launch form holds. */
export interface LaunchValues {
  /** Answers by the name of the variable, secrets included. */
  readonly survey: Readonly<Record<string, string>>;
  readonly message: string;
  readonly branch: string;
  readonly inventoryId: number | null;
  readonly args: readonly string[];
  readonly limit: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly debugLevel: number;
  readonly dryRun: boolean;
  readonly diff: boolean;
  readonly buildTaskId: number | null;
}

/** Which values the template lets a run change. */
export interface Prompts {
  readonly branch: boolean;
  readonly inventory: boolean;
  readonly args: boolean;
  readonly limit: boolean;
  readonly tags: boolean;
  readonly skipTags: boolean;
  readonly debug: boolean;
  readonly modes: boolean;
  readonly build: boolean;
}

export function promptsOf(template: Template): Prompts {
  const ansible = template.app === "ansible";
  const allows = (key: string) => ansible && template.task_params?.[key] === true;
  return {
    branch: template.allow_override_branch_in_task === true,
    inventory: allows("allow_override_inventory"),
    args: template.allow_override_args_in_task === true,
    limit: allows("allow_override_limit"),
    tags: allows("allow_override_tags"),
    skipTags: allows("allow_override_skip_tags"),
    debug: allows("allow_debug"),
    modes: ansible,
    build: template.type === "deploy",
  };
}

/** What a run of the template has when nothing is changed. */
export function defaultsOf(template: Template): LaunchValues {
  const survey: Record<string, string> = {};
  for (const question of template.survey_vars ?? []) {
    survey[question.name] = surveyKind(question.type) === "secret" ? "" : (question.default_value ?? "");
  }
  return {
    survey,
    message: "",
    branch: template.git_branch ?? "",
    inventoryId: template.inventory_id ?? null,
    // A run's arguments come after the template's own, they do not replace them.
    args: [],
    limit: strings(template.task_params?.limit),
    tags: strings(template.task_params?.tags),
    skipTags: strings(template.task_params?.skip_tags),
    debugLevel: 0,
    dryRun: false,
    diff: false,
    buildTaskId: null,
  };
}

/** The request that starts the run: only what the template allows and what differs from it. */
export function buildPayload(template: Template, values: LaunchValues): TaskInput {
  const prompts = promptsOf(template);
  const defaults = defaultsOf(template);
  const { plain, secret } = answers(template, values);
  const params = ansibleParams(prompts, defaults, values);
  return {
    template_id: template.id,
    ...(Object.keys(plain).length > 0 ? { environment: JSON.stringify(plain) } : {}),
    ...(Object.keys(secret).length > 0 ? { secret: JSON.stringify(secret) } : {}),
    ...(prompts.args && !same(values.args, defaults.args) ? { arguments: JSON.stringify(values.args) } : {}),
    ...(prompts.branch && values.branch !== defaults.branch ? { git_branch: values.branch.trim() } : {}),
    ...(values.message.trim() === "" ? {} : { message: values.message.trim() }),
    ...(prompts.inventory && values.inventoryId !== null && values.inventoryId !== defaults.inventoryId
      ? { inventory_id: values.inventoryId }
      : {}),
    ...(prompts.build && values.buildTaskId !== null ? { build_task_id: values.buildTaskId } : {}),
    ...(Object.keys(params).length > 0 ? { params } : {}),
  };
}

function answers(template: Template, values: LaunchValues) {
  const plain: Record<string, string | number> = {};
  const secret: Record<string, string> = {};
  for (const question of template.survey_vars ?? []) {
    const answer = values.survey[question.name] ?? "";
    const kind = surveyKind(question.type);
    // An emptied answer is sent, or the server would take the default for it.
    if (answer === "" && kind !== "secret" && question.default_value) plain[question.name] = "";
    if (answer === "") continue;
    if (kind === "secret") secret[question.name] = answer;
    else plain[question.name] = kind === "int" ? integer(answer) : answer;
  }
  return { plain, secret };
}

/** A number where that keeps every digit, the text itself otherwise. */
function integer(answer: string): string | number {
  const value = Number(answer.trim());
  return Number.isSafeInteger(value) ? value : answer.trim();
}

function ansibleParams(prompts: Prompts, defaults: LaunchValues, values: LaunchValues) {
  const changed = (allowed: boolean, key: "limit" | "tags" | "skipTags") =>
    allowed && !same(values[key], defaults[key]);
  return {
    ...(prompts.debug && values.debugLevel > 0 ? { debug: true, debug_level: values.debugLevel } : {}),
    ...(prompts.modes && values.dryRun ? { dry_run: true } : {}),
    ...(prompts.modes && values.diff ? { diff: true } : {}),
    ...(changed(prompts.limit, "limit") ? { limit: [...values.limit] } : {}),
    ...(changed(prompts.tags, "tags") ? { tags: [...values.tags] } : {}),
    ...(changed(prompts.skipTags, "skipTags") ? { skip_tags: [...values.skipTags] } : {}),
  };
}

export function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** A list of strings out of a free map; anything else counts as none. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];
}

/** A JSON array in a string, as `arguments` travels. */
export function stringList(json: string | null | undefined): string[] {
  if (json === null || json === undefined || json === "") return [];
  try {
    return strings(JSON.parse(json));
  } catch {
    return [];
  }
}
