import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery } from "@/api/queries";
import { PageHeader } from "@/ui/PageHeader";
import { NewRunnerButton, Runners } from "./Runners";

/** The runners that templates of a project can name. */
export default function ProjectRunnersPage() {
  const { t } = useTranslation("runners");
  const { pid } = useParams({ from: "/app/project/$pid/runners" });
  const project = useQuery(projectQuery(pid));
  const { can } = usePermissions(pid);
  const manage = can("manageResources");
  return (
    <>
      <PageHeader
        title={t("title")}
        context={project.data?.name}
        description={t("projectText")}
        actions={manage && <NewRunnerButton />}
      />
      <Runners project={pid} manage={manage} />
    </>
  );
}
