import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectKeys, projectQuery } from "@/api/queries";
import type { Project } from "@/api/types";
import { Card } from "@/ui/Card";
import { Form, useSave } from "@/ui/form";
import { PageHeader } from "@/ui/PageHeader";
import { RowsSkeleton, Empty, ErrorState } from "@/ui/States";
import { toastDone, toastError } from "@/ui/toast";
import { Alerts } from "./Alerts";
import { Backup, Maintenance } from "./Backup";
import { deleteProject, updateProject } from "./api";
import { projectBody, ProjectFields, projectRules, type ProjectValues } from "./ProjectFields";
import classes from "./projects.module.css";

export default function SettingsPage() {
  const { t } = useTranslation("projects");
  const { pid } = useParams({ from: "/app/project/$pid/settings" });
  const project = useQuery(projectQuery(pid));
  const { ready, can } = usePermissions(pid);
  return (
    <>
      <PageHeader title={t("settings.title")} context={project.data?.name} />
      {project.error ? (
        <ErrorState error={project.error} onRetry={() => void project.refetch()} />
      ) : !project.data || !ready ? (
        <RowsSkeleton />
      ) : !can("updateProject") ? (
        <Empty title={t("settings.forbidden")} text={t("settings.forbiddenText")} />
      ) : (
        <div className={classes.narrow}>
          <div className={classes.stack}>
            <General project={project.data} />
            <Alerts project={project.data} />
            <Backup project={project.data} />
            <Maintenance project={project.data} />
          </div>
          <Danger project={project.data} />
        </div>
      )}
    </>
  );
}

function General({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const client = useQueryClient();
  const form = useForm<ProjectValues>({
    initialValues: {
      name: project.name,
      max_parallel_tasks: project.max_parallel_tasks ?? 0,
      alert: project.alert ?? false,
      alert_chat: project.alert_chat ?? "",
    },
    validate: projectRules(t),
  });
  const saving = useSave({
    form,
    save: (values) => updateProject(project.id, projectBody(values)),
    onSaved: async (_, values) => {
      form.resetDirty(values);
      await Promise.all([
        client.invalidateQueries({ queryKey: projectKeys.detail(project.id) }),
        client.invalidateQueries({ queryKey: projectKeys.all }),
      ]);
      toastDone(t("form.saved", { name: values.name }));
    },
  });
  return (
    <Card padded title={t("settings.general")}>
      <Form saving={saving} submitLabel={t("actions.save")}>
        <ProjectFields form={form} />
      </Form>
    </Card>
  );
}

function Danger({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await deleteProject(project.id);
      await navigate({ to: "/" });
      client.removeQueries({ queryKey: projectKeys.one(project.id) });
      await client.invalidateQueries({ queryKey: projectKeys.all });
      toastDone(t("delete.done", { name: project.name }));
    } catch (error) {
      toastError(error);
      setBusy(false);
    }
  };
  return (
    <div className={classes.danger}>
      <Card padded title={t("settings.danger")}>
        <p>{t("settings.dangerText")}</p>
        <TextInput
          label={t("settings.typeName", { name: project.name })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          mb="md"
        />
        <Button
          color="red"
          disabled={typed !== project.name}
          loading={busy}
          onClick={() => void remove()}
        >
          {t("settings.delete")}
        </Button>
      </Card>
    </div>
  );
}
