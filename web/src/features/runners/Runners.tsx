import { Alert, Badge, Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconEdit, IconEraser, IconEye, IconInfoCircle, IconPlus, IconServerBolt } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { projectsQuery } from "@/api/queries";
import type { NewRunner, Runner } from "@/api/types";
import { type Column, DataTable } from "@/ui/DataTable";
import { FormDrawer } from "@/ui/form";
import { OpenLink } from "@/ui/OpenLink";
import { RowMenu } from "@/ui/RowMenu";
import { Empty } from "@/ui/States";
import { RelativeTime } from "@/ui/Time";
import { useDelete } from "@/ui/useDelete";
import { useOpen } from "@/ui/useOpen";
import { ActiveSwitch } from "./ActiveSwitch";
import { deleteRunner, runnersKey, runnersQuery } from "./api";
import { NewRunnerForm, RunnerDrawer } from "./RunnerForm";
import { RunnerMark } from "./RunnerMark";
import classes from "./runners.module.css";
import { NewSecrets } from "./Secrets";
import { useClean } from "./useClean";

export function NewRunnerButton() {
  const { t } = useTranslation("runners");
  const drawer = useOpen();
  return (
    <Button leftSection={<IconPlus size={16} />} onClick={() => drawer.show("new")} data-create>
      {t("create")}
    </Button>
  );
}

type Props = {
  /** Left out: the runners of the whole server. */
  project?: number;
  manage: boolean;
};

/** A list of runners, with how each is doing. */
export function Runners({ project, manage }: Props) {
  const { t } = useTranslation("runners");
  const client = useQueryClient();
  const drawer = useOpen();
  const [made, setMade] = useState<NewRunner>();
  const runners = useQuery(runnersQuery(project));
  const projects = useQuery({ ...projectsQuery(), enabled: project === undefined });
  const clean = useClean(project);
  const refresh = () => client.invalidateQueries({ queryKey: runnersKey(project) });
  const deleting = useDelete<Runner>({
    project: project ?? 0,
    warning: t("deleteText"),
    remove: (r) => deleteRunner(project, r.id),
    onDone: refresh,
  });
  /** Administrators see those of projects too, and projects those of the server: to be changed at their place. */
  const own = (r: Runner) => r.project_id === (project ?? null);
  const projectName = (id: number) => projects.data?.find((p) => p.id === id)?.name ?? `#${String(id)}`;
  const name = (r: Runner) => r.name || t("nameless", { id: r.id });
  const title = (r: Runner) =>
    own(r) || project !== undefined ? (
      <OpenLink id={r.id}>{name(r)}</OpenLink>
    ) : (
      <Link to="/project/$pid/runners" params={{ pid: r.project_id ?? 0 }} search={{ open: r.id }} data-row-link>
        {name(r)}
      </Link>
    );
  const place = (r: Runner) => (r.project_id === null ? t("everywhere") : project === undefined ? projectName(r.project_id) : t("thisProject"));
  const capacity = (r: Runner) => (r.max_parallel_tasks === 0 ? t("noLimit") : r.max_parallel_tasks);
  const toggle = (r: Runner) => <ActiveSwitch project={project} runner={r} name={name(r)} disabled={!manage || !own(r)} />;
  const columns: Column<Runner>[] = [
    {
      id: "active", header: t("active"), sort: (r) => (r.active ? 0 : 1),
      render: toggle,
    },
    { id: "name", header: t("name"), sort: name, render: title },
    { id: "state", header: t("stateTitle"), sort: (r) => r.touched ?? "", render: (r) => <RunnerMark runner={r} /> },
    { id: "touched", header: t("touched"), numeric: true, sort: (r) => r.touched ?? "", render: (r) => r.touched ? <RelativeTime iso={r.touched} /> : <span className="dim">{t("never")}</span> },
    { id: "tags", header: t("tags"), sort: (r) => r.tags.join(" "), render: (r) => <Tags runner={r} /> },
    { id: "place", header: t("place"), sort: place, render: place },
    { id: "capacity", header: t("capacity"), numeric: true, optional: true, sort: (r) => r.max_parallel_tasks || Infinity, render: capacity },
    { id: "webhook", header: t("webhook"), optional: true, render: (r) => r.webhook && <span className="mono">{r.webhook}</span> },
  ];
  const item = typeof drawer.open === "number" ? runners.data?.find((r) => r.id === drawer.open) : undefined;
  const opened = made !== undefined || (drawer.open === "new" && manage) || item !== undefined;
  const create = manage && <NewRunnerButton />;
  const close = () => {
    setMade(undefined);
    drawer.close();
  };
  return (
    <>
      <Alert color="blue" icon={<IconInfoCircle size={18} />} className={classes.note}>
        {t("noTasks")}
      </Alert>
      <DataTable
        label={t("title")}
        query={runners}
        columns={columns}
        rowKey={(r) => r.id}
        text={(r) => `${name(r)} ${r.tags.join(" ")} ${r.webhook} ${place(r)}`}
        defaultSort="name"
        card={(r) => ({
          title: title(r),
          meta: (
            <>
              <RunnerMark runner={r} /> {r.touched && <RelativeTime iso={r.touched} />} <Tags runner={r} />
            </>
          ),
          aside: toggle(r),
        })}
        actions={(r) =>
          (own(r) || project !== undefined) && (
            <RowMenu name={name(r)} onDelete={manage && own(r) ? () => deleting.ask({ ...r, name: name(r) }) : undefined}>
              <Menu.Item leftSection={manage && own(r) ? <IconEdit size={16} /> : <IconEye size={16} />} onClick={() => drawer.show(r.id)}>
                {manage && own(r) ? t("actions.edit") : t("actions.view")}
              </Menu.Item>
              {manage && own(r) && (
                <Menu.Item leftSection={<IconEraser size={16} />} onClick={() => clean.mutate(r)}>
                  {t("clean")}
                </Menu.Item>
              )}
            </RowMenu>
          )
        }
        empty={
          <Empty icon={<IconServerBolt size={28} stroke={1.5} />} title={t("empty")} text={t("emptyText")} action={create} />
        }
      />
      <FormDrawer
        opened={opened}
        onClose={close}
        stay={made !== undefined}
        title={made ? t("madeTitle", { name: made.name }) : item ? name(item) : t("create")}
      >
        {made ? (
          <NewSecrets project={project} runner={made} onClose={close} />
        ) : item ? (
          <RunnerDrawer key={item.id} project={project} row={item} readOnly={!manage || !own(item)} onClose={close} onSaved={drawer.closed} />
        ) : (
          opened && <NewRunnerForm project={project} onClose={close} onMade={setMade} />
        )}
      </FormDrawer>
      {deleting.dialog}
    </>
  );
}

function Tags({ runner }: { runner: Runner }) {
  const { t } = useTranslation("runners");
  return (
    <span className={classes.tags}>
      {runner.tags.map((tag) => (
        <Badge key={tag} variant="default" size="sm" className={classes.tag}>
          {tag}
        </Badge>
      ))}
      {runner.is_default && (
        <Badge variant="light" size="sm">
          {t("isDefaultMark")}
        </Badge>
      )}
    </span>
  );
}
