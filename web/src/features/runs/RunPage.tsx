import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { appsQuery, taskQuery, templateQuery } from "@/api/queries";
import type { Task } from "@/api/types";
import { familyOf } from "@/api/apps";
import { NotFound } from "@/ui/NotFound";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { useRunFavicon } from "./favicon";
import { LogTab } from "./log/LogTab";
import { RunHeader } from "./RunHeader";
import { RunParameters } from "./RunParameters";
import { type TabName, tabsOf, usualTab } from "./tabs";
import classes from "./run.module.css";

const PlanTab = lazy(() => import("./plan/PlanTab"));
const HostsTab = lazy(() => import("./hosts/HostsTab"));
const DetailsTab = lazy(() => import("./explain/DetailsTab"));

export default function RunPage() {
  const { pid = 0, tid = 0 } = useParams({ strict: false });
  const task = useQuery(taskQuery(pid, tid));
  useRunFavicon(task.data?.status);
  if (task.data !== undefined) return <Run key={tid} projectId={pid} task={task.data} />;
  // The peer answers 400 for a run that is not there.
  if (isApiError(task.error, 404) || isApiError(task.error, 400)) return <NotFound />;
  if (task.error) return <ErrorState error={task.error} onRetry={() => void task.refetch()} />;
  return <PageSkeleton />;
}

function Run({ projectId, task }: { projectId: number; task: Task }) {
  const { t } = useTranslation("runs");
  const navigate = useNavigate();
  const search: { tab?: unknown } = useSearch({ strict: false });
  const template = useQuery(templateQuery(projectId, task.template_id));
  const apps = useQuery(appsQuery());
  const family = familyOf(apps.data, template.data?.app);
  const tabs = tabsOf(family, task.status, search.tab);
  const usual = usualTab(task.status);
  const tab = tabs.find((name) => name === search.tab) ?? usual;
  const choose = (next: string | null) =>
    void navigate({
      to: ".",
      search: (before) => ({ ...before, tab: next === usual ? undefined : (next as TabName) }),
      replace: true,
    });
  return (
    <div className={classes.page} data-tab={tab}>
      <RunHeader projectId={projectId} task={task} onPlan={tab === "plan" ? undefined : () => choose("plan")} />
      <Tabs value={tab} onChange={choose} className={classes.tabs} keepMounted={false}>
        <Tabs.List className={classes.tabList}>
          {tabs.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`tabs.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="log" className={classes.logPanel}>
          <LogTab projectId={projectId} task={task} />
        </Tabs.Panel>
        <Suspense fallback={<RowsSkeleton />}>
          <Tabs.Panel value="plan">
            <PlanTab projectId={projectId} task={task} templateMask={template.data?.permissions} />
          </Tabs.Panel>
          <Tabs.Panel value="hosts">
            <HostsTab projectId={projectId} task={task} template={template.data} />
          </Tabs.Panel>
          <Tabs.Panel value="details">
            <DetailsTab projectId={projectId} task={task} />
          </Tabs.Panel>
        </Suspense>
        <Tabs.Panel value="parameters">
          <RunParameters projectId={projectId} task={task} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
