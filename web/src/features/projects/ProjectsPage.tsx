import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconPlus } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { projectsQuery, userQuery } from "@/api/queries";
import type { Project } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { type Column, DataTable } from "@/ui/DataTable";
import { ButtonLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { Empty } from "@/ui/States";
import { RelativeTime } from "@/ui/Time";

export default function ProjectsPage() {
  const { t } = useTranslation("projects");
  const projects = useQuery(projectsQuery());
  const user = useQuery(userQuery());
  const mayCreate = user.data?.admin || user.data?.can_create_project;
  const create = mayCreate && (
    <ButtonLink to="/projects/new" leftSection={<IconPlus size={16} />} data-create>
      {t("new.title")}
    </ButtonLink>
  );

  const columns = useMemo<Column<Project>[]>(
    () => [
      { id: "name", header: t("fields.name"), sort: (p) => p.name, render: (p) => link(p) },
      {
        id: "parallel",
        header: t("fields.parallel"),
        numeric: true,
        sort: (p) => p.max_parallel_tasks ?? 0,
        render: (p) =>
          p.max_parallel_tasks ? formatNumber(p.max_parallel_tasks) : t("fields.unlimited"),
      },
      {
        id: "created",
        header: t("fields.created"),
        numeric: true,
        sort: (p) => p.created,
        render: (p) => <RelativeTime iso={p.created} />,
      },
    ],
    [t],
  );
  return (
    <>
      <PageHeader title={t("list.title")} actions={create} />
      <DataTable
        label={t("list.title")}
        query={projects}
        columns={columns}
        rowKey={(p) => p.id}
        text={(p) => p.name}
        defaultSort="name"
        card={(p) => ({ title: link(p), meta: <RelativeTime iso={p.created} /> })}
        empty={<Empty title={t("home.none")} text={t("home.noneText")} action={create} />}
      />
    </>
  );
}

function link(project: Project) {
  return (
    <Link to="/project/$pid" params={{ pid: project.id }} data-row-link>
      {project.name}
    </Link>
  );
}
