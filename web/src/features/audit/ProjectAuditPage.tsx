import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery } from "@/api/queries";
import { PageHeader } from "@/ui/PageHeader";
import { RowsSkeleton } from "@/ui/States";
import { Activity } from "./Activity";
import { ExportButton } from "./ExportButton";

/** The activity of a project. Who manages its members also sees from where, and what changed. */
export default function ProjectAuditPage() {
  const { t } = useTranslation("audit");
  const { pid } = useParams({ from: "/app/project/$pid/audit" });
  const project = useQuery(projectQuery(pid));
  const { ready, can } = usePermissions(pid);
  const whole = can("manageUsers");
  return (
    <>
      <PageHeader
        title={t("title")}
        context={project.data?.name}
        description={ready && (whole ? t("ofProject") : t("ofProjectShort"))}
        actions={whole && <ExportButton project={pid} />}
      />
      {ready ? <Activity scope={{ project: pid, whole }} /> : <RowsSkeleton rows={8} />}
    </>
  );
}
