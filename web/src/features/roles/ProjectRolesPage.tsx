import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery } from "@/api/queries";
import { PageHeader } from "@/ui/PageHeader";
import { TeamTabs } from "@/ui/TeamTabs";
import { NewRoleButton, Roles } from "./Roles";

/** The roles that members of a project can have. */
export default function ProjectRolesPage() {
  const { t } = useTranslation("roles");
  const { pid } = useParams({ from: "/app/project/$pid/roles" });
  const project = useQuery(projectQuery(pid));
  const { can } = usePermissions(pid);
  const manage = can("manageUsers");
  return (
    <>
      <PageHeader
        title={t("title")}
        context={project.data?.name}
        description={t("projectText")}
        actions={manage && <NewRoleButton />}
      />
      <TeamTabs project={pid} />
      <Roles project={pid} manage={manage} can={can} />
    </>
  );
}
