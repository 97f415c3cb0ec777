import { Button, Menu, Modal, Switch } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconAlertTriangle, IconApps, IconCircleCheck, IconEdit, IconPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { appsKey, appsQuery, userQuery } from "@/api/queries";
import type { App } from "@/api/types";
import { builtinApps } from "@/ui/appIcons";
import { AppName } from "@/ui/AppName";
import { type Column, DataTable } from "@/ui/DataTable";
import { FormDrawer } from "@/ui/form";
import { PageHeader } from "@/ui/PageHeader";
import { RowMenu } from "@/ui/RowMenu";
import { Empty, RowsSkeleton } from "@/ui/States";
import { toastDone, toastError } from "@/ui/toast";
import { useOpenName } from "@/ui/useOpen";
import { AppForm } from "./AppForm";
import classes from "./apps.module.css";

const noApps: App[] = [];

/** The programs that templates run, for administrators. */
export default function AppsPage() {
  const { t } = useTranslation("apps");
  const user = useQuery(userQuery());
  const body = () => {
    if (user.data === undefined) return <RowsSkeleton />;
    if (!user.data.admin) return <Empty title={t("forbidden.title")} text={t("forbidden.text")} />;
    return <Apps />;
  };
  return (
    <>
      <PageHeader title={t("title")} description={t("description")} actions={user.data?.admin === true && <Create />} />
      {body()}
    </>
  );
}

const useOpenApp = () => useOpenName("app");

function Create() {
  const { t } = useTranslation("apps");
  const { show } = useOpenApp();
  return (
    <Button leftSection={<IconPlus size={16} />} onClick={() => show("new")} data-create>
      {t("create")}
    </Button>
  );
}

function Apps() {
  const { t } = useTranslation("apps");
  // Programs are asked for their versions after they were looked for here.
  const apps = useQuery({ ...appsQuery(), staleTime: 0, refetchInterval: (query) => (awaitsVersions(query.state.data) && query.state.dataUpdateCount < 10 ? 3000 : false) });
  const drawer = useOpenApp();
  const [asked, setAsked] = useState<App>();
  const columns = useMemo<Column<App>[]>(
    () => [
      { id: "title", header: t("fields.title"), sort: (a) => a.title || (a.id ?? ""), render: (a) => <AppLink app={a} /> },
      { id: "id", header: t("fields.id"), sort: (a) => a.id ?? "", optional: true, render: (a) => <span className="mono">{a.id}</span> },
      { id: "program", header: t("fields.program"), sort: (a) => (a.available ? 0 : 1), render: (a) => <Program app={a} /> },
      { id: "priority", header: t("fields.priority"), sort: (a) => -a.priority, numeric: true, optional: true, render: (a) => a.priority },
      { id: "active", header: t("fields.active"), sort: (a) => (a.active ? 0 : 1), render: (a) => <Active app={a} /> },
    ],
    [t],
  );
  const item = apps.data?.find((app) => app.id === drawer.open);
  const opened = drawer.open === "new" || item !== undefined;
  const own = (app: App) => !builtinApps.has(app.id ?? "");
  return (
    <>
      <DataTable
        label={t("title")}
        query={apps}
        columns={columns}
        rowKey={(app) => app.id ?? ""}
        text={(app) => `${app.title} ${app.id ?? ""}`}
        card={(app) => ({ title: <AppLink app={app} />, meta: <Program app={app} />, aside: <Active app={app} /> })}
        actions={(app) => (
          <RowMenu name={app.title || (app.id ?? "")} onDelete={own(app) ? () => setAsked(app) : undefined}>
            <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => drawer.show(app.id ?? "")}>
              {t("actions.edit")}
            </Menu.Item>
          </RowMenu>
        )}
        defaultSort="priority"
        empty={<Empty icon={<IconApps size={28} stroke={1.5} />} title={t("empty")} />}
      />
      <FormDrawer opened={opened} onClose={drawer.close} title={item ? item.title || (item.id ?? "") : t("create")}>
        {opened && <AppForm key={drawer.open} item={item} taken={(apps.data ?? noApps).map((app) => app.id ?? "")} onClose={drawer.close} onSaved={drawer.closed} />}
      </FormDrawer>
      <DeleteQuestion app={asked} onClose={() => setAsked(undefined)} />
    </>
  );
}

/** Whether a program that is asked for its version has not answered yet. */
function awaitsVersions(apps: App[] = noApps): boolean {
  return apps.some((app) => app.active && app.available && !app.version && builtinApps.has(app.id ?? ""));
}

function AppLink({ app }: { app: App }) {
  return (
    <Link to="." search={(before) => ({ ...before, app: app.id }) as never} data-row-link>
      <AppName app={app.id} />
    </Link>
  );
}

/** Whether the program of an app is there, and if not, what is missing. */
function Program({ app }: { app: App }) {
  const { t } = useTranslation("apps");
  if (app.available) {
    return (
      <span className={classes.found}>
        <IconCircleCheck size={16} aria-hidden />
        <span>{app.version ? <span className={classes.version}>{app.version}</span> : t("found")}</span>
        <span className="mono dim">{app.path_found ?? app.path}</span>
      </span>
    );
  }
  return (
    <span className={classes.missing} title={app.available_reason}>
      <IconAlertTriangle size={16} aria-hidden /> {t("missing")} <span className="dim">{app.available_reason}</span>
    </span>
  );
}

function Active({ app }: { app: App }) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const set = async (active: boolean) => {
    setBusy(true);
    try {
      await done(api.POST("/api/apps/{app}/active", { params: { path: { app: app.id ?? "" } }, body: { active } }));
    } catch (error) {
      toastError(error);
    }
    await client.invalidateQueries({ queryKey: appsKey });
    setBusy(false);
  };
  return (
    <Switch
      className={classes.switch}
      checked={app.active}
      disabled={busy}
      aria-label={t("activeOf", { name: app.title || app.id })}
      onChange={(event) => void set(event.currentTarget.checked)}
    />
  );
}

function DeleteQuestion({ app, onClose }: { app: App | undefined; onClose: () => void }) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const name = app?.title || (app?.id ?? "");
  const remove = async () => {
    setBusy(true);
    try {
      await done(api.DELETE("/api/apps/{app}", { params: { path: { app: app?.id ?? "" } } }));
      toastDone(t("common:delete.done", { name }));
      onClose();
    } catch (error) {
      toastError(error);
    }
    await client.invalidateQueries({ queryKey: appsKey });
    setBusy(false);
  };
  return (
    <Modal opened={app !== undefined} onClose={onClose} title={t("common:delete.question", { name })} closeButtonProps={{ "aria-label": t("actions.close") }}>
      <p>{t("deleteText")}</p>
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("actions.cancel")}
        </Button>
        <Button color="red" loading={busy} onClick={() => void remove()}>
          {t("actions.delete")}
        </Button>
      </div>
    </Modal>
  );
}
