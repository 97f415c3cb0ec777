import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { IconRestore } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Card } from "@/ui/Card";
import { Form, useSave } from "@/ui/form";
import { ButtonLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { toastDone } from "@/ui/toast";
import { useCreateProject } from "./api";
import {
  emptyProject,
  projectBody,
  ProjectFields,
  projectRules,
  type ProjectValues,
} from "./ProjectFields";
import classes from "./projects.module.css";
import { DemoCard } from "./StartCards";

export default function NewProjectPage() {
  const { t } = useTranslation(["projects", "backup"]);
  const navigate = useNavigate();
  const create = useCreateProject();
  const form = useForm<ProjectValues>({ initialValues: emptyProject, validate: projectRules(t) });
  const saving = useSave({
    form,
    save: (values) => create.mutateAsync(projectBody(values)),
    onSaved: async (project) => {
      await navigate({ to: "/project/$pid", params: { pid: project.id } });
      toastDone(t("form.created", { name: project.name }));
    },
  });
  return (
    <>
      <PageHeader
        title={t("new.title")}
        actions={
          <ButtonLink to="/projects/restore" variant="default" leftSection={<IconRestore size={16} />}>
            {t("backup:restore.title")}
          </ButtonLink>
        }
      />
      <div className={classes.twoColumns}>
        <DemoCard />
        <Card padded title={t("new.own")}>
          <Form saving={saving} submitLabel={t("actions.create")}>
            <ProjectFields form={form} />
          </Form>
        </Card>
      </div>
    </>
  );
}
