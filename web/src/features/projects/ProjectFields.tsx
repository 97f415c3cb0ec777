import { NumberInput, Switch, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { ProjectInput } from "@/api/types";

export type ProjectValues = {
  name: string;
  max_parallel_tasks: number | string;
  alert: boolean;
  alert_chat: string;
};

export const emptyProject: ProjectValues = {
  name: "",
  max_parallel_tasks: 0,
  alert: false,
  alert_chat: "",
};

export function projectRules(t: TFunction) {
  return {
    name: (v: string) => (v.trim() ? null : t("errors.required")),
  };
}

export function projectBody(values: ProjectValues): ProjectInput {
  return {
    name: values.name.trim(),
    max_parallel_tasks: Number(values.max_parallel_tasks) || 0,
    alert: values.alert,
    alert_chat: values.alert_chat.trim(),
  };
}

export function ProjectFields({ form }: { form: UseFormReturnType<ProjectValues> }) {
  const { t } = useTranslation("projects");
  return (
    <>
      <TextInput
        label={t("fields.name")}
        required
        maxLength={150}
        key={form.key("name")}
        {...form.getInputProps("name")}
      />
      <NumberInput
        label={t("fields.parallel")}
        description={t("fields.parallelHelp")}
        min={0}
        max={10_000}
        allowDecimal={false}
        key={form.key("max_parallel_tasks")}
        {...form.getInputProps("max_parallel_tasks")}
      />
      <Switch
        label={t("fields.alert")}
        description={t("fields.alertHelp")}
        {...form.getInputProps("alert", { type: "checkbox" })}
      />
      {form.values.alert && (
        <TextInput
          label={t("fields.chat")}
          description={t("fields.chatHelp")}
          {...form.getInputProps("alert_chat")}
        />
      )}
    </>
  );
}
