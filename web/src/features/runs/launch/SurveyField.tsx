import { PasswordInput, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SurveyVar } from "@/api/types";
import type { LaunchFormApi } from "./LaunchForm";
import { surveyKind } from "./survey";

interface Props {
  readonly question: SurveyVar;
  readonly form: LaunchFormApi;
  readonly autoFocus: boolean;
}

/** One question of the survey, asked by its type. */
export function SurveyField({ question, form, autoFocus }: Props) {
  const { t } = useTranslation("runs");
  const path = `survey.${question.name}`;
  const common = {
    label: question.title || question.name,
    description: question.description || undefined,
    required: question.required === true,
    autoFocus,
    ...form.getInputProps(path),
  };
  switch (surveyKind(question.type)) {
    case "int":
      return <TextInput {...common} inputMode="numeric" placeholder={question.default_value} />;
    case "secret":
      return <PasswordInput {...common} autoComplete="new-password" visibilityToggleButtonProps={{ "aria-label": t("launch.reveal") }} />;
    case "enum": {
      const value = form.values.survey[question.name] ?? "";
      return (
        <Select
          {...common}
          data={choices(question)}
          value={value === "" ? null : value}
          onChange={(choice) => form.setFieldValue(path, choice ?? "")}
          clearable={question.required !== true}
          searchable={(question.values ?? []).length > 8}
        />
      );
    }
    case "text":
      return <TextInput {...common} placeholder={question.default_value} />;
  }
}

/** Choices without repeats: a list with two equal values could not be drawn. */
function choices(question: SurveyVar): { value: string; label: string }[] {
  const seen = new Map((question.values ?? []).map(({ name, value }) => [value, name || value]));
  return [...seen].map(([value, label]) => ({ value, label }));
}
