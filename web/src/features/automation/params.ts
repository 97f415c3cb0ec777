import type { TFunction } from "i18next";
import type { TaskParams, Template } from "@/api/types";
import { buildPayload, defaultsOf, type LaunchValues } from "@/features/runs/launch/payload";
import { fromTask, secretQuestions } from "@/features/runs/launch/prefill";
import { launchField, launchProblems } from "@/features/runs/launch/rules";

/** What starts tasks: a schedule, which has to bring all answers, or an integration, whose calls may bring some. */
export type Starter = "schedule" | "integration";

/** What forms of both hold beside their own fields. */
export type ParamValues = LaunchValues & { template_id: number | null };

/**
 * The template as far as what starts it can be stored: secrets would be kept in the clear, and which
 * build is deployed is not known yet.
 */
export function storable(template: Template, starter: Starter): Template {
  const secrets = secretQuestions(template);
  return {
    ...template,
    type: template.type === "deploy" ? "" : template.type,
    survey_vars: (template.survey_vars ?? [])
      .filter(({ name }) => !secrets.includes(name))
      .map((question) => (starter === "integration" ? { ...question, required: false } : question)),
  };
}

/** The form's values for stored parameters of a template, or its own defaults. */
export function paramValues(template: Template, starter: Starter, stored?: TaskParams | null): LaunchValues {
  const asked = storable(template, starter);
  const defaults = defaultsOf(asked);
  // A call brings what the form leaves out: the template's defaults must not be in its way.
  if (starter === "integration") {
    return fromTask(asked, { ...defaults, survey: Object.fromEntries(Object.keys(defaults.survey).map((name) => [name, ""])) }, stored ?? {});
  }
  return fromTask(asked, defaults, stored ?? {});
}

/** No template is chosen yet. */
export const noValues: LaunchValues = defaultsOf({} as Template);

const known = [
  "debug", "debug_level", "dry_run", "diff", "skip_galaxy_install", "limit", "tags", "skip_tags",
  "plan", "destroy", "auto_approve", "upgrade", "migrate_state", "reconfigure",
];

/**
 * What to store. Of what was stored for the same template, parts that the form does not show stay.
 */
export function paramBody(template: Template, starter: Starter, values: LaunchValues, stored?: TaskParams | null): TaskParams | undefined {
  const asked = storable(template, starter);
  // An answer that is left empty is left out of an integration, not stored as an empty one.
  const survey = starter === "integration" ? (asked.survey_vars ?? []).map((q) => ({ ...q, default_value: "" })) : asked.survey_vars;
  const { environment, arguments: args, git_branch, message, inventory_id, params } = buildPayload({ ...asked, survey_vars: survey }, values);
  const others = Object.entries(stored?.params ?? {}).filter(([name]) => !known.includes(name));
  const all = { ...Object.fromEntries(others), ...params };
  const body: TaskParams = {
    ...(environment === undefined ? {} : { environment }),
    ...(args === undefined ? {} : { arguments: args }),
    ...(git_branch ? { git_branch } : {}),
    ...(message === undefined ? {} : { message }),
    ...(inventory_id === undefined ? {} : { inventory_id }),
    ...(stored?.version ? { version: stored.version } : {}),
    ...(Object.keys(all).length > 0 ? { params: all } : {}),
  };
  return Object.keys(body).length > 0 ? body : undefined;
}

/** What is wrong with the parameters, by field. */
export function paramProblems(template: Template, starter: Starter, values: LaunchValues, t: TFunction<"runs">): Record<string, string> {
  return launchProblems(storable(template, starter), values, t);
}

/** The form's name for a field of task_params that the server complained about. */
export function paramField(template: Template | undefined, field: string): string {
  const inside = field.replace(/^task_params\./, "");
  return template === undefined || inside === field ? field : launchField(template, inside);
}
