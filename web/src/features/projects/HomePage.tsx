import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { lastTasksQuery, projectsQuery, userQuery } from "@/api/queries";
import type { Project } from "@/api/types";
import { ButtonLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { Empty, ErrorState } from "@/ui/States";
import { StatusBadge } from "@/ui/StatusBadge";
import { RelativeTime } from "@/ui/Time";
import classes from "./projects.module.css";
import { StartCards } from "./StartCards";

export default function HomePage() {
  const { t } = useTranslation("projects");
  const projects = useQuery(projectsQuery());
  const user = useQuery(userQuery());
  const mayCreate = user.data?.admin || user.data?.can_create_project;

  if (projects.error) {
    return <ErrorState error={projects.error} onRetry={() => void projects.refetch()} />;
  }
  if (!projects.data) return <PageSkeleton />;
  const none = projects.data.length === 0;
  return (
    <>
      <PageHeader
        title={none ? t("home.welcome") : t("home.title")}
        description={none && mayCreate ? t("home.start") : undefined}
        actions={
          !none &&
          mayCreate && (
            <ButtonLink to="/projects/new" leftSection={<IconPlus size={16} />} data-create>
              {t("new.title")}
            </ButtonLink>
          )
        }
      />
      {none &&
        (mayCreate ? <StartCards /> : <Empty title={t("home.none")} text={t("home.noneText")} />)}
      <ul className={classes.cards}>
        {projects.data.map((project) => (
          <li key={project.id}>
            <ProjectCard project={project} />
          </li>
        ))}
      </ul>
    </>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const runs = useQuery(lastTasksQuery(project.id, 3));
  const latest = runs.data?.[0];
  return (
    <div className={classes.projectCard}>
      <Link to="/project/$pid" params={{ pid: project.id }} className={classes.projectName}>
        {project.name}
      </Link>
      <div className={classes.projectRuns}>
        {latest ? (
          <>
            <StatusBadge status={latest.status} />
            <span>
              {latest.tpl_alias} · <RelativeTime iso={latest.start ?? latest.created} />
            </span>
          </>
        ) : (
          runs.data && t("home.noRuns")
        )}
      </div>
    </div>
  );
}
