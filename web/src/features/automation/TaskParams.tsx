import { Alert, Select } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconInfoCircle } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { templateQuery, templatesQuery } from "@/api/queries";
import type { TaskParams as Stored, Template } from "@/api/types";
import { LaunchFields } from "@/features/runs/launch/LaunchFields";
import type { LaunchFormApi } from "@/features/runs/launch/LaunchForm";
import { secretQuestions } from "@/features/runs/launch/prefill";
import { RowsSkeleton } from "@/ui/States";
import { toastError } from "@/ui/toast";
import { noValues, paramValues, type ParamValues, type Starter, storable } from "./params";

type Options<V extends ParamValues> = {
  project: number;
  starter: Starter;
  form: UseFormReturnType<V, V>;
  /** The template that the form opens with, and what is stored for it. */
  first: Template | undefined;
  stored?: Stored | null;
  /** Where the chosen one is kept; nothing while it is being read. */
  onTemplate: (template: Template | undefined) => void;
};

/** Chooses another template: reads it in full and fills the form with what its runs are given. */
export function useTemplateChoice<V extends ParamValues>({ project, starter, form, first, stored, onTemplate }: Options<V>) {
  const client = useQueryClient();
  const wanted = useRef(first?.id ?? null);
  const choose = async (id: number | null) => {
    wanted.current = id;
    form.clearErrors();
    form.setValues({ template_id: id } as Partial<V>);
    onTemplate(undefined);
    if (id === null) return;
    try {
      const read = id === first?.id ? first : await client.fetchQuery(templateQuery(project, id));
      if (wanted.current !== id) return;
      form.setValues({ ...noValues, ...paramValues(read, starter, id === first?.id ? stored : null) } as Partial<V>);
      onTemplate(read);
    } catch (error) {
      if (wanted.current !== id) return;
      wanted.current = null;
      form.setValues({ template_id: null } as Partial<V>);
      toastError(error);
    }
  };
  return (id: number | null) => void choose(id);
}

type FieldProps<V extends ParamValues> = {
  project: number;
  form: UseFormReturnType<V, V>;
  readOnly: boolean;
  onChoose: (id: number | null) => void;
};

/** Chooses the template that is started. */
export function TemplateField<V extends ParamValues>({ project, form, readOnly, onChoose }: FieldProps<V>) {
  const { t } = useTranslation("automation");
  const templates = useQuery(templatesQuery(project));
  const { template_id: id } = form.values;
  return (
    <Select
      label={t("fields.template")}
      description={templates.data?.length === 0 ? t("noTemplates") : undefined}
      required
      searchable
      allowDeselect={false}
      disabled={readOnly}
      nothingFoundMessage={t("picker.nothing")}
      data={(templates.data ?? []).map((x) => ({ value: String(x.id), label: x.name }))}
      value={id === null ? null : String(id)}
      onChange={(value) => onChoose(value === null ? null : Number(value))}
      error={form.errors.template_id}
      data-path="template_id"
    />
  );
}

type Props<V extends ParamValues> = {
  project: number;
  starter: Starter;
  template: Template | undefined;
  form: UseFormReturnType<V, V>;
};

/** What the runs are given: the parts of the launch form, without secrets. */
export function TaskParams<V extends ParamValues>({ project, starter, template, form }: Props<V>) {
  const { t } = useTranslation("automation");
  if (form.values.template_id === null) return null;
  if (template === undefined) return <RowsSkeleton rows={2} />;
  const secrets = secretQuestions(template);
  return (
    <>
      {secrets.length > 0 && (
        <Alert color="gray" icon={<IconInfoCircle size={18} />}>
          {t("secrets", { names: secrets.join(", ") })}
        </Alert>
      )}
      {/* Those parts know the fields of the launch form, which these values have too. */}
      <LaunchFields projectId={project} template={storable(template, starter)} form={form as unknown as LaunchFormApi} />
    </>
  );
}
