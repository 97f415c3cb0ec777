import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { infoQuery, projectQuery } from "@/api/queries";
import { PageHeader } from "@/ui/PageHeader";
import { TeamTabs } from "@/ui/TeamTabs";
import { Invites } from "./Invites";
import { Members } from "./Members";
import classes from "./team.module.css";

export default function TeamPage() {
  const { t } = useTranslation("projects");
  const { pid } = useParams({ from: "/app/project/$pid/team" });
  const project = useQuery(projectQuery(pid));
  const info = useQuery(infoQuery());
  const { can } = usePermissions(pid);
  const manage = can("manageUsers");
  return (
    <>
      <PageHeader title={t("team.title")} context={project.data?.name} description={t("team.description")} />
      <TeamTabs project={pid} />
      <div className={classes.stack}>
        <Members project={pid} manage={manage} />
        {manage && info.data?.teams.invites_enabled && (
          <Invites project={pid} kind={info.data.teams.invite_type} />
        )}
      </div>
    </>
  );
}
