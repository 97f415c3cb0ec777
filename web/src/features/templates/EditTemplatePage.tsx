import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery, templateQuery } from "@/api/queries";
import { PageHeader } from "@/ui/PageHeader";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { TemplateForm } from "./TemplateForm";
import { TemplatesTrail } from "./TemplatesTrail";
import { templateValues } from "./values";

export default function EditTemplatePage() {
  const { t } = useTranslation("templates");
  const { pid, id } = useParams({ from: "/app/project/$pid/templates/$id/edit" });
  const project = useQuery(projectQuery(pid));
  const template = useQuery({ ...templateQuery(pid, id), refetchOnWindowFocus: false });
  const { ready, can } = usePermissions(pid, template.data?.permissions);

  const body = () => {
    if (template.error) {
      return <ErrorState error={template.error} onRetry={() => void template.refetch()} />;
    }
    if (!template.data || !ready || !template.isFetchedAfterMount) return <RowsSkeleton />;
    if (!can("manageResources")) {
      return <Empty title={t("forbidden.title")} text={t("forbidden.text")} />;
    }
    return (
      <TemplateForm
        key={id}
        project={pid}
        initial={templateValues(template.data)}
        original={template.data}
      />
    );
  };
  return (
    <>
      <PageHeader
        title={t("edit")}
        context={project.data?.name}
        trail={<TemplatesTrail project={pid} template={template.data} />}
      />
      {body()}
    </>
  );
}
