import { Button, NumberInput, Switch, TagsInput, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconEraser } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewRunner, Runner } from "@/api/types";
import { Form, Section, useSave } from "@/ui/form";
import { Segments } from "@/ui/Segments";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import { createRunner, runnerQuery, runnersKey, updateRunner } from "./api";
import { RunnerMark } from "./RunnerMark";
import classes from "./runners.module.css";
import { Registration } from "./Secrets";
import { useClean } from "./useClean";
import { runnerRules, runnerValues, type RunnerValues } from "./values";

type Scope = { project?: number; onClose: () => void };

/** Makes a runner; what it signs in with comes next. */
export function NewRunnerForm({ project, onClose, onMade }: Scope & { onMade: (runner: NewRunner) => void }) {
  const { t } = useTranslation("runners");
  const client = useQueryClient();
  const form = useForm<RunnerValues>({ initialValues: runnerValues(), validate: runnerRules(t) });
  const saving = useSave({
    form,
    save: (values) => createRunner(project, values),
    onSaved: async (made) => {
      form.resetDirty();
      onMade(made);
      await client.invalidateQueries({ queryKey: runnersKey(project) });
    },
  });
  return (
    <Form saving={saving} submitLabel={t("actions.create")} onCancel={onClose}>
      <Fields form={form}>
        <Segments
          label={t("join")}
          help={t(`joinHelp.${form.values.join}`)}
          data={(["token", "register"] as const).map((value) => ({ value, label: t(`joins.${value}`) }))}
          {...form.getInputProps("join")}
        />
      </Fields>
    </Form>
  );
}

/** What is known about a runner, and changing it. `row` is the runner as the list shows it. */
export function RunnerDrawer({ row, ...props }: Scope & { row: Runner; readOnly: boolean; onSaved: () => Promise<void> }) {
  const { project, readOnly } = props;
  const { t } = useTranslation("runners");
  // Runners of the server are not to be read one by one in a project.
  const runner = useQuery({ ...runnerQuery(project, row.id), enabled: !readOnly });
  const clean = useClean(project);
  if (runner.error) return <ErrorState error={runner.error} onRetry={() => void runner.refetch()} />;
  const item = readOnly ? row : runner.data;
  if (!item) return <RowsSkeleton rows={4} />;
  return (
    <>
      <p className={classes.status}>
        <RunnerMark runner={row} />
      </p>
      <EditForm {...props} item={item} />
      {!readOnly && (
        <div className={classes.extra}>
          {!row.registered && <Registration project={project} runner={row} />}
          <Section title={t("caches")} description={t("cachesText")}>
            <div>
              <Button variant="default" leftSection={<IconEraser size={16} />} loading={clean.isPending} onClick={() => clean.mutate(row)}>
                {t("clean")}
              </Button>
            </div>
          </Section>
        </div>
      )}
    </>
  );
}

type EditProps = Scope & { item: Runner; readOnly: boolean; onSaved: () => Promise<void> };

function EditForm({ project, item, readOnly, onClose, onSaved }: EditProps) {
  const { t } = useTranslation("runners");
  const client = useQueryClient();
  // The version that the fields show, whatever is read in the background.
  const [original] = useState(item);
  const form = useForm<RunnerValues>({ initialValues: runnerValues(original), validate: runnerRules(t) });
  const saving = useSave({
    form,
    save: (values) => updateRunner(project, values, original),
    onSaved: async (_, values) => {
      await client.invalidateQueries({ queryKey: runnersKey(project) });
      toastDone(t("form.saved", { name: values.name.trim() }));
      await onSaved();
    },
  });
  return (
    <Form saving={saving} submitLabel={t("actions.save")} onCancel={onClose} readOnly={readOnly}>
      <Fields form={form} readOnly={readOnly} />
    </Form>
  );
}

type FieldsProps = { form: UseFormReturnType<RunnerValues>; readOnly?: boolean; children?: ReactNode };

function Fields({ form, readOnly, children }: FieldsProps) {
  const { t } = useTranslation("runners");
  return (
    <>
      <TextInput label={t("name")} required data-autofocus maxLength={100} {...form.getInputProps("name")} />
      {children}
      <TagsInput
        label={t("tags")}
        description={t("tagsHelp")}
        disabled={readOnly}
        maxTags={100}
        {...form.getInputProps("tags")}
      />
      <NumberInput
        label={t("capacity")}
        description={t("capacityHelp")}
        min={0}
        allowDecimal={false}
        {...form.getInputProps("max_parallel_tasks")}
      />
      <TextInput
        label={t("webhook")}
        description={t("webhookHelp")}
        placeholder="https://runner.example.org/wake"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={1000}
        classNames={{ input: "mono" }}
        {...form.getInputProps("webhook")}
      />
      <Switch label={t("isDefault")} description={t("isDefaultHelp")} {...form.getInputProps("is_default", { type: "checkbox" })} />
      <Switch label={t("active")} description={t("activeHelp")} {...form.getInputProps("active", { type: "checkbox" })} />
    </>
  );
}
