import { Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { IconCopy, IconEdit, IconPlayerPlay, IconPlus, IconTemplate } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import {
  inventoriesQuery,
  projectQuery,
  repositoriesQuery,
  templateKeys,
  templatesQuery,
} from "@/api/queries";
import type { Template } from "@/api/types";
import { type Column, DataTable } from "@/ui/DataTable";
import { ButtonLink, MenuLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { RowMenu } from "@/ui/RowMenu";
import { Empty } from "@/ui/States";
import { StatusBadge } from "@/ui/StatusBadge";
import { RelativeTime } from "@/ui/Time";
import { useDelete } from "@/ui/useDelete";
import { deleteTemplate } from "./api";
import { AppName } from "@/ui/AppName";

function useColumns(pid: number): Column<Template>[] {
  const { t } = useTranslation("templates");
  const inventories = useQuery(inventoriesQuery(pid));
  const repositories = useQuery(repositoriesQuery(pid));
  return useMemo<Column<Template>[]>(() => {
    const inventory = (x: Template) => inventories.data?.find((i) => i.id === x.inventory_id)?.name;
    const repository = (x: Template) =>
      repositories.data?.find((r) => r.id === x.repository_id)?.name;
    return [
      {
        id: "name",
        header: t("fields.name"),
        sort: (x) => x.name,
        render: (x) => <TemplateLink pid={pid} template={x} />,
      },
      {
        id: "status",
        header: t("fields.lastRun"),
        sort: (x) => x.last_task?.created,
        render: (x) => <LastRun pid={pid} template={x} />,
      },
      { id: "app", header: t("fields.app"), sort: (x) => x.app, render: (x) => <AppName app={x.app} /> },
      {
        id: "playbook",
        header: t("fields.path"),
        sort: (x) => x.playbook,
        render: (x) => <span className="mono">{x.playbook}</span>,
      },
      {
        id: "inventory",
        header: t("fields.inventory"),
        optional: true,
        sort: inventory,
        render: (x) => inventory(x) ?? <span className="dim">–</span>,
      },
      {
        id: "repository",
        header: t("fields.repository"),
        optional: true,
        sort: repository,
        render: repository,
      },
    ];
  }, [t, pid, inventories.data, repositories.data]);
}

export default function TemplatesPage() {
  const { t } = useTranslation("templates");
  const { pid } = useParams({ from: "/app/project/$pid/templates" });
  const client = useQueryClient();
  const project = useQuery(projectQuery(pid));
  const templates = useQuery(templatesQuery(pid));
  const { can } = usePermissions(pid);
  const columns = useColumns(pid);
  const deleting = useDelete<Template>({
    project: pid,
    warning: t("deleteWarning"),
    remove: (x) => deleteTemplate(pid, x.id),
    onDone: () => client.invalidateQueries({ queryKey: templateKeys.all(pid) }),
  });

  const create = can("manageResources") && (
    <ButtonLink
      to="/project/$pid/templates/new"
      params={{ pid }}
      leftSection={<IconPlus size={16} />}
      data-create
    >
      {t("create")}
    </ButtonLink>
  );
  const actions = (x: Template) => (
    <>
      {can("run") && (
        <ButtonLink
          to="/project/$pid/templates/$id/run"
          params={{ pid, id: x.id }}
          size="xs"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          aria-label={t("runName", { name: x.name })}
        >
          {t("actions.run")}
        </ButtonLink>
      )}
      {can("manageResources") && (
        <RowMenu name={x.name} onDelete={() => deleting.ask(x)}>
          <MenuLink
            to="/project/$pid/templates/$id/edit"
            params={{ pid, id: x.id }}
            leftSection={<IconEdit size={16} />}
          >
            {t("actions.edit")}
          </MenuLink>
          <MenuLink
            to="/project/$pid/templates/new"
            params={{ pid }}
            search={{ copy: x.id }}
            leftSection={<IconCopy size={16} />}
          >
            {t("actions.duplicate")}
          </MenuLink>
          <Menu.Divider />
        </RowMenu>
      )}
    </>
  );

  return (
    <>
      <PageHeader
        title={t("title")}
        context={project.data?.name}
        description={t("description")}
        actions={create}
      />
      <DataTable
        label={t("title")}
        query={templates}
        columns={columns}
        rowKey={(x) => x.id}
        text={(x) => [x.name, x.playbook, x.app, x.description].join(" ")}
        defaultSort="name"
        actions={actions}
        card={(x) => ({
          title: <TemplateLink pid={pid} template={x} />,
          meta: <LastRun pid={pid} template={x} />,
        })}
        empty={
          <Empty
            icon={<IconTemplate size={28} stroke={1.5} />}
            title={t("empty")}
            text={t("emptyText")}
            action={create}
          />
        }
      />
      {deleting.dialog}
    </>
  );
}

function TemplateLink({ pid, template }: { pid: number; template: Template }) {
  return (
    <Link to="/project/$pid/templates/$id" params={{ pid, id: template.id }} data-row-link>
      {template.name}
    </Link>
  );
}

function LastRun({ pid, template }: { pid: number; template: Template }) {
  const task = template.last_task;
  if (!task) return <StatusBadge />;
  return (
    <Link
      to="/project/$pid/tasks/$tid"
      params={{ pid, tid: task.id }}
      style={{ position: "relative", zIndex: 1, textDecoration: "none", color: "inherit" }}
    >
      <StatusBadge status={task.status} title={task.wait_reason ?? task.status_reason} />{" "}
      <span className="dim">
        <RelativeTime iso={task.start ?? task.created} />
      </span>
    </Link>
  );
}
