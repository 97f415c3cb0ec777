import { Checkbox, Select, Switch, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { repositoriesQuery, scheduleKeys } from "@/api/queries";
import type { Schedule, Template } from "@/api/types";
import { localZone } from "@/lib/format";
import { errorText } from "@/ui/errorText";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { Segments } from "@/ui/Segments";
import { Stored } from "../Stored";
import { TaskParams, TemplateField, useTemplateChoice } from "../TaskParams";
import { previewQuery, saveSchedule, scheduleQuery } from "./api";
import { CronFields } from "./CronFields";
import { NextRuns } from "./NextRuns";
import {
  fromPicker, scheduleBody, scheduleField, type ScheduleKind, scheduleKinds, scheduleProblems, type ScheduleValues, scheduleValues,
} from "./values";

type Props = Omit<ResourceFormProps<Schedule>, "item"> & {
  item?: { id: number };
  /** The template that the form was opened from. */
  template?: Template;
};

export function ScheduleForm({ item, template: from, ...props }: Props) {
  const commits = from !== undefined;
  if (item === undefined) return <Body {...props} first={from} commits={commits} />;
  return (
    <Stored project={props.project} query={scheduleQuery(props.project, item.id)}>
      {(schedule, template) => <Body {...props} item={schedule} first={template} commits={commits} />}
    </Stored>
  );
}

type BodyProps = ResourceFormProps<Schedule> & {
  first?: Template;
  /** Whether those that look for new commits are shown where the form was opened: lists of a project leave them out. */
  commits: boolean;
};

function Body({ first, commits, ...props }: BodyProps) {
  const { t } = useTranslation("automation");
  const { t: runs } = useTranslation("runs");
  const { project, readOnly } = props;
  // A newer one may be read while the form is open; the form was not filled from it.
  const [item] = useState(props.item);
  const [template, setTemplate] = useState(first);
  const [start] = useState(() => scheduleValues(item, first));
  const form = useForm<ScheduleValues>({
    initialValues: start,
    validate: (values) => scheduleProblems(values, template, t, runs),
  });
  const choose = useTemplateChoice({
    project, starter: "schedule", form, first, stored: item?.task_params, onTemplate: setTemplate,
  });
  const saving = useResourceSave(props, {
    form,
    fields: (field) => scheduleField(template, field),
    // Without the template the form is not sent: see scheduleProblems.
    save: (values) => saveSchedule(project, scheduleBody(project, values, template as Template, item), item),
    name: (values) => values.name,
    refresh: scheduleKeys.all(project),
  });
  const { kind } = form.values;
  const [cron] = useDebouncedValue(form.values.cron, 300);
  const preview = useQuery({ ...previewQuery(project, cron.trim()), enabled: kind !== "run_at" && cron.trim() !== "" });
  const problem = preview.error && cron === form.values.cron ? errorText(preview.error, t) : undefined;
  const kinds = scheduleKinds.filter((k) => k !== "commits" || commits || start.kind === k);
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput label={t("fields.name")} required data-autofocus maxLength={100} {...form.getInputProps("name")} />
      <TemplateField project={project} form={form} readOnly={readOnly} onChoose={choose} />
      <Segments
        label={t("fields.when")}
        help={t(`kinds.help.${kind}`)}
        disabled={readOnly}
        data={kinds.map((value) => ({ value, label: t(`kinds.${value}`) }))}
        value={kind}
        onChange={(value) => form.setFieldValue("kind", value as ScheduleKind)}
      />
      {kind === "commits" && <RepositoryField project={project} form={form} readOnly={readOnly} />}
      {kind === "run_at" ? (
        <TextInput
          type="datetime-local"
          label={t("fields.runAt")}
          description={t("fields.runAtHelp", { zone: localZone() })}
          required
          {...form.getInputProps("runAt")}
        />
      ) : (
        <CronFields form={form} readOnly={readOnly} problem={problem} />
      )}
      <NextRuns project={project} kind={kind} cron={cron} once={fromPicker(form.values.runAt)} />
      {(kind === "run_at" || form.values.deleteAfterRun) && (
        <Checkbox
          label={t("fields.deleteAfterRun")}
          description={t("fields.deleteAfterRunHelp")}
          {...form.getInputProps("deleteAfterRun", { type: "checkbox" })}
        />
      )}
      <Switch
        label={t("fields.active")}
        description={t("fields.activeHelp")}
        {...form.getInputProps("active", { type: "checkbox" })}
      />
      <TaskParams project={project} starter="schedule" template={template} form={form} />
    </ResourceForm>
  );
}

type RepositoryProps = { project: number; form: UseFormReturnType<ScheduleValues, ScheduleValues>; readOnly: boolean };

function RepositoryField({ project, form, readOnly }: RepositoryProps) {
  const { t } = useTranslation("automation");
  const repositories = useQuery(repositoriesQuery(project));
  const { repository_id: id } = form.values;
  return (
    <Select
      label={t("fields.repository")}
      required
      searchable
      allowDeselect={false}
      disabled={readOnly}
      data={(repositories.data ?? []).map((r) => ({ value: String(r.id), label: r.name }))}
      value={id === null ? null : String(id)}
      onChange={(value) => form.setFieldValue("repository_id", value === null ? null : Number(value))}
      error={form.errors.repository_id}
      data-path="repository_id"
    />
  );
}
