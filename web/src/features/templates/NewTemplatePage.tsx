import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery, templateQuery } from "@/api/queries";
import { PageHeader } from "@/ui/PageHeader";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { TemplateForm } from "./TemplateForm";
import { TemplatesTrail } from "./TemplatesTrail";
import { templateValues } from "./values";

export default function NewTemplatePage() {
  const { t } = useTranslation("templates");
  const { pid } = useParams({ from: "/app/project/$pid/templates/new" });
  const { app, copy } = useSearch({ from: "/app/project/$pid/templates/new" });
  const project = useQuery(projectQuery(pid));
  const source = useQuery({ ...templateQuery(pid, copy ?? 0), enabled: copy !== undefined });
  const { ready, can } = usePermissions(pid);

  const body = () => {
    if (!ready) return <RowsSkeleton />;
    if (!can("manageResources")) {
      return <Empty title={t("forbidden.title")} text={t("forbidden.text")} />;
    }
    if (copy === undefined) {
      return <TemplateForm project={pid} initial={templateValues(undefined, app)} />;
    }
    if (source.error) return <ErrorState error={source.error} onRetry={() => void source.refetch()} />;
    if (!source.data) return <RowsSkeleton />;
    const values = templateValues(source.data);
    const vaults = values.vaults.map((vault) => ({ ...vault, id: undefined }));
    const name = t("copyOf", { name: values.name });
    return <TemplateForm project={pid} initial={{ ...values, vaults, name }} />;
  };
  return (
    <>
      <PageHeader
        title={t("create")}
        context={project.data?.name}
        trail={<TemplatesTrail project={pid} />}
      />
      {body()}
    </>
  );
}
