import type { TFunction } from "i18next";
import type { Template } from "@/api/types";
import { isObject, type LaunchValues, promptsOf } from "./payload";
import { surveyProblem } from "./survey";

/** What is wrong with the values of a launch form, by field; `t` knows the texts of runs. */
export function launchProblems(template: Template, values: LaunchValues, t: TFunction<"runs">): Record<string, string> {
  const prompts = promptsOf(template);
  const problems: Record<string, string> = {};
  for (const question of template.survey_vars ?? []) {
    const problem = surveyProblem(question, values.survey[question.name] ?? "");
    if (problem !== null) problems[`survey.${question.name}`] = t(`launch.problem.${problem}`);
  }
  if (template.app === "ansible" && prompts.inventory && values.inventoryId === null) {
    problems.inventoryId = t("launch.problem.required");
  }
  if (prompts.variables && !isObject(values.variables)) problems.variables = t("launch.problem.object");
  if (prompts.build && values.buildTaskId === null) problems.buildTaskId = t("launch.problem.required");
  return problems;
}

const FIELDS: Record<string, string> = {
  git_branch: "branch",
  inventory_id: "inventoryId",
  arguments: "args",
  build_task_id: "buildTaskId",
  limit: "limit",
  "params.limit": "limit",
  "params.tags": "tags",
  "params.skip_tags": "skipTags",
  "params.debug_level": "debugLevel",
  "params.destroy": "terraform.destroy",
  "params.auto_approve": "terraform.auto_approve",
  "params.skip_galaxy_install": "skipGalaxy",
  environment: "variables",
};

/** The form's name for a field that the server complained about. */
export function launchField(template: Template, field: string): string {
  const answer = /^(?:environment|secret|survey)\.(.+)$/.exec(field)?.[1];
  if (answer === undefined) return FIELDS[field] ?? field;
  const asked = (template.survey_vars ?? []).some(({ name }) => name === answer);
  return asked ? `survey.${answer}` : "variables";
}
