import type { SurveyVar } from "@/api/types";

/** How a survey question is asked. Providers send kin of the known types; anything else is text. */
export type SurveyKind = "text" | "int" | "enum" | "secret";

export function surveyKind(type: string | undefined): SurveyKind {
  switch ((type ?? "").toLowerCase()) {
    case "int":
    case "integer":
    case "number":
      return "int";
    case "enum":
    case "select":
      return "enum";
    case "secret":
    case "password":
      return "secret";
    default:
      return "text";
  }
}

export type SurveyProblem = "required" | "integer" | "choice";

/** What is wrong with an answer; null when it may be sent. */
export function surveyProblem(question: SurveyVar, answer: string): SurveyProblem | null {
  if (answer === "") return question.required === true ? "required" : null;
  const kind = surveyKind(question.type);
  if (kind === "int" && !/^[+-]?\d+$/.test(answer.trim())) return "integer";
  const choices = question.values ?? [];
  if (kind === "enum" && !choices.some((choice) => choice.value === answer)) return "choice";
  return null;
}
