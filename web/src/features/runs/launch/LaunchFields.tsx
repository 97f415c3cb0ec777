import { useTranslation } from "react-i18next";
import type { Template } from "@/api/types";
import { Section } from "@/ui/form";
import type { LaunchFormApi } from "./LaunchForm";
import { promptsOf } from "./payload";
import { PromptFields } from "./PromptFields";
import { SurveyField } from "./SurveyField";

interface Props {
  readonly projectId: number;
  readonly template: Template;
  readonly form: LaunchFormApi;
  /** Whether the first question takes the focus. */
  readonly autoFocus?: boolean;
}

/** All that a template asks for and lets be changed; schedules and integrations ask for it too. */
export function LaunchFields({ projectId, template, form, autoFocus = false }: Props) {
  const { t } = useTranslation("runs");
  const questions = template.survey_vars ?? [];
  // What must be answered comes first.
  const ordered = [...questions.filter((q) => q.required === true), ...questions.filter((q) => q.required !== true)];
  return (
    <>
      {ordered.length > 0 && (
        <Section title={t("launch.survey")}>
          {ordered.map((question, i) => (
            <SurveyField key={question.name} question={question} form={form} autoFocus={autoFocus && i === 0} />
          ))}
        </Section>
      )}
      <PromptFields projectId={projectId} template={template} form={form} prompts={promptsOf(template)} />
    </>
  );
}
