import { Alert } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconAlertTriangle, IconInfoCircle, IconLock } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery } from "@/api/queries";
import type { Task, Template } from "@/api/types";
import { Form, useSave } from "@/ui/form";
import { PageHeader } from "@/ui/PageHeader";
import { useStartRun } from "../api";
import classes from "./launch.module.css";
import { LaunchFields } from "./LaunchFields";
import { buildPayload, promptsOf, type LaunchValues } from "./payload";
import { secretQuestions } from "./prefill";
import { launchField, launchProblems } from "./rules";
import { RunSummary } from "./RunSummary";

interface Props {
  readonly projectId: number;
  readonly template: Template;
  /** The run to repeat. */
  readonly source: Task | undefined;
  readonly start: LaunchValues;
}

export type LaunchFormApi = UseFormReturnType<LaunchValues, LaunchValues>;

export function LaunchForm({ projectId, template, source, start }: Props) {
  const { t } = useTranslation("runs");
  const project = useQuery(projectQuery(projectId));
  const { ready, can } = usePermissions(projectId, template.permissions);
  const form = useLaunchForm(template, start);
  const saving = useLaunch(projectId, template, form);
  const forbidden = ready && !can("run");
  const destroys = promptsOf(template).terraform.includes("destroy") && form.values.terraform.destroy;
  const planned = form.values.terraform.plan;
  const verb = destroys ? (planned ? "planDestroy" : "destroy") : template.type === "build" || template.type === "deploy" ? template.type : "run";
  return (
    <>
      <PageHeader
        title={t("launch.title", { name: template.name })}
        context={project.data?.name}
        trail={<Trail projectId={projectId} template={template} />}
        description={template.description}
      />
      <div className={classes.columns}>
        <div className={classes.form}>
          {forbidden && (
            <Alert color="gray" icon={<IconLock size={18} />} mb="md">
              {t("launch.forbidden")}
            </Alert>
          )}
          {source !== undefined && <SourceNote template={template} source={source} />}
          <Form saving={saving} submitLabel={t(`launch.submit.${verb}`)} readOnly={forbidden} danger={destroys}>
            <LaunchFields projectId={projectId} template={template} form={form} autoFocus />
            {destroys && (
              <Alert color="red" icon={<IconAlertTriangle size={18} />}>
                {t(planned ? "launch.destroyPlanned" : "launch.destroys")}
              </Alert>
            )}
          </Form>
        </div>
        <RunSummary projectId={projectId} template={template} values={form.values} />
      </div>
    </>
  );
}

function Trail({ projectId, template }: { projectId: number; template: Template }) {
  const { t } = useTranslation("runs");
  return (
    <>
      <Link to="/project/$pid/templates" params={{ pid: projectId }} className={classes.link}>
        {t("run.templates")}
      </Link>
      <span aria-hidden>▸</span>
      <Link to="/project/$pid/templates/$id" params={{ pid: projectId, id: template.id }} className={classes.link}>
        {template.name}
      </Link>
    </>
  );
}

function SourceNote({ template, source }: { template: Template; source: Task }) {
  const { t } = useTranslation("runs");
  const secrets = secretQuestions(template);
  return (
    <Alert color="brand" icon={<IconInfoCircle size={18} />} mb="md">
      {t("launch.repeats", { id: source.id })}{" "}
      {secrets.length > 0 && t("launch.secretsAgain", { count: secrets.length, names: secrets.join(", ") })}
    </Alert>
  );
}

function useLaunchForm(template: Template, start: LaunchValues): LaunchFormApi {
  const { t } = useTranslation("runs");
  return useForm<LaunchValues>({
    initialValues: start,
    validateInputOnBlur: true,
    validate: (values) => launchProblems(template, values, t),
  });
}

function useLaunch(projectId: number, template: Template, form: LaunchFormApi) {
  const navigate = useNavigate();
  const start = useStartRun(projectId);
  const started = useRef<Promise<Task> | null>(null);
  const launchOnce = (values: LaunchValues) => {
    // A held Ctrl+Enter must not start the run more than once.
    started.current ??= start.mutateAsync(buildPayload(template, values)).catch((error: unknown) => {
      started.current = null;
      throw error;
    });
    return started.current;
  };
  return useSave({
    form,
    save: launchOnce,
    onSaved: async (task) => {
      await navigate({ to: "/project/$pid/tasks/$tid", params: { pid: projectId, tid: task.id } });
    },
    fields: (field) => launchField(template, field),
  });
}
