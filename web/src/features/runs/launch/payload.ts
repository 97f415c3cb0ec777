import { type Family, familyOf } from "@/api/apps";
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
  readonly skipGalaxy: boolean;
  /** Further variables as a JSON object, as it was typed. */
  readonly variables: string;
  readonly buildTaskId: number | null;
  readonly terraform: TerraformChoices;
}

/** What a run of the Terraform family may be asked for. */
export const terraformChoices = ["plan", "destroy", "auto_approve", "upgrade", "migrate_state", "reconfigure"] as const;
export type TerraformChoice = (typeof terraformChoices)[number];
export type TerraformChoices = Readonly<Record<TerraformChoice, boolean>>;

/** No choice made, or those that are set in the parameters of a run. */
export function choicesOf(params: Readonly<Record<string, unknown>> = {}): TerraformChoices {
  const on = (name: TerraformChoice) => params[name] === true;
  return {
    plan: on("plan"),
    destroy: on("destroy"),
    auto_approve: on("auto_approve"),
    upgrade: on("upgrade"),
    migrate_state: on("migrate_state"),
    reconfigure: on("reconfigure"),
  };
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
  readonly galaxy: boolean;
  readonly variables: boolean;
  readonly build: boolean;
  readonly terraform: readonly TerraformChoice[];
}

/** How the template's app is run; apps of one's own are scripts. */
export function templateFamily(template: Template): Family {
  return familyOf(undefined, template.app) ?? "script";
}

export function promptsOf(template: Template): Prompts {
  const family = templateFamily(template);
  const ansible = family === "ansible";
  const set = (key: string) => template.task_params?.[key] === true;
  const allows = (key: string) => ansible && set(key);
  return {
    branch: template.allow_override_branch_in_task === true,
    // A template's own workspaces can always be chosen from.
    inventory: family === "terraform" || (ansible && set("allow_override_inventory")),
    args: template.allow_override_args_in_task === true,
    limit: allows("allow_override_limit"),
    tags: allows("allow_override_tags"),
    skipTags: allows("allow_override_skip_tags"),
    debug: allows("allow_debug"),
    modes: ansible,
    galaxy: allows("allow_override_skip_galaxy_install"),
    variables: template.allow_override_environment_in_task === true,
    build: template.type === "deploy",
    terraform: family === "terraform" ? allowedChoices(set) : [],
  };
}

function allowedChoices(set: (key: string) => boolean): TerraformChoice[] {
  return terraformChoices.filter((choice) => {
    if (choice === "destroy") return set("allow_destroy");
    // Where the template approves by itself there is nothing to choose.
    if (choice === "auto_approve") return set("allow_auto_approve") && !set("auto_approve");
    return true;
  });
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
    skipGalaxy: template.task_params?.skip_galaxy_install === true,
    variables: "",
    buildTaskId: null,
    terraform: choicesOf(),
  };
}

/** The request that starts the run: only what the template allows and what differs from it. */
export function buildPayload(template: Template, values: LaunchValues): TaskInput {
  const prompts = promptsOf(template);
  const defaults = defaultsOf(template);
  const { plain, secret } = answers(template, values);
  const params = { ...ansibleParams(prompts, defaults, values), ...terraformParams(prompts, values) };
  const environment = joinObjects(prompts.variables ? values.variables : "", JSON.stringify(plain));
  return {
    template_id: template.id,
    ...(environment === "{}" ? {} : { environment }),
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

/** Whether a text is a JSON object, or nothing. */
export function isObject(text: string): boolean {
  if (text.trim() === "") return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** One JSON object of two as texts, of which the second wins: parsing would round large numbers. */
export function joinObjects(first: string, second: string): string {
  const inner = (text: string) => text.trim().slice(1, -1).trim();
  const parts = [first, second].filter((text) => isObject(text)).map(inner).filter((text) => text !== "");
  return `{${parts.join(",")}}`;
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
    ...(prompts.galaxy && values.skipGalaxy !== defaults.skipGalaxy ? { skip_galaxy_install: values.skipGalaxy } : {}),
    ...(changed(prompts.limit, "limit") ? { limit: [...values.limit] } : {}),
    ...(changed(prompts.tags, "tags") ? { tags: [...values.tags] } : {}),
    ...(changed(prompts.skipTags, "skipTags") ? { skip_tags: [...values.skipTags] } : {}),
  };
}

function terraformParams(prompts: Prompts, values: LaunchValues) {
  return Object.fromEntries(
    prompts.terraform.filter((choice) => chosen(values, choice)).map((choice) => [choice, true]),
  );
}

/** What another choice leaves nothing to do for: a plan alone is not approved, a forgotten backend has no state to copy. */
export function pointless({ terraform }: LaunchValues, choice: TerraformChoice): boolean {
  return (choice === "auto_approve" && terraform.plan) || (choice === "migrate_state" && terraform.reconfigure);
}

export function chosen(values: LaunchValues, choice: TerraformChoice): boolean {
  return values.terraform[choice] && !pointless(values, choice);
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
