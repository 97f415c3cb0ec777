import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import { usePermissions } from "@/api/permissions";
import { lastTasksQuery, projectQuery, templatesQuery } from "@/api/queries";
import type { TaskRow, Template } from "@/api/types";
import { formatDuration, formatNumber } from "@/lib/format";
import { Card } from "@/ui/Card";
import { ButtonLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { RunList } from "@/ui/RunList";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./projects.module.css";
import { summarize } from "./summary";

const shownRuns = 10;
const shownTemplates = 8;
const counted = 50;

export default function OverviewPage() {
  const { t } = useTranslation("projects");
  const { pid } = useParams({ from: "/app/project/$pid/" });
  const project = useQuery(projectQuery(pid));
  const runs = useQuery(lastTasksQuery(pid, counted));
  const templates = useQuery(templatesQuery(pid));

  if (project.error) {
    return <ErrorState error={project.error} onRetry={() => void project.refetch()} />;
  }
  const isNew = templates.data?.length === 0;
  return (
    <>
      <PageHeader title={project.data?.name ?? "…"} />
      {isNew ? <FirstSteps pid={pid} /> : <Tiles runs={runs.data} />}
      <div className={classes.overview}>
        <Card
          title={t("overview.recent")}
          action={
            <Link to="/project/$pid/runs" params={{ pid }}>
              {t("overview.allRuns")}
            </Link>
          }
        >
          {runs.error ? (
            <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />
          ) : !runs.data ? (
            <RowsSkeleton />
          ) : runs.data.length === 0 ? (
            <Empty title={t("overview.noRuns")} text={t("overview.noRunsText")} />
          ) : (
            <RunList project={pid} tasks={runs.data.slice(0, shownRuns)} withTemplate />
          )}
        </Card>
        <Card
          title={t("overview.templates")}
          action={
            <Link to="/project/$pid/templates" params={{ pid }}>
              {t("overview.allTemplates")}
            </Link>
          }
        >
          {templates.error ? (
            <ErrorState error={templates.error} onRetry={() => void templates.refetch()} />
          ) : !templates.data ? (
            <RowsSkeleton />
          ) : isNew ? (
            <Empty title={t("overview.noTemplates")} />
          ) : (
            <QuickTemplates pid={pid} templates={templates.data} />
          )}
        </Card>
      </div>
    </>
  );
}

function Tiles({ runs }: { runs?: TaskRow[] }) {
  const { t } = useTranslation("projects");
  const summary = summarize(runs ?? []);
  const tiles = [
    [t("overview.active"), formatNumber(summary.active)],
    [t("overview.queued"), formatNumber(summary.queued)],
    [
      t("overview.success"),
      summary.successRate === undefined
        ? "–"
        : new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(
            summary.successRate,
          ),
    ],
    [
      t("overview.median"),
      summary.medianDuration === undefined ? "–" : formatDuration(summary.medianDuration),
    ],
  ];
  return (
    <dl className={classes.tiles}>
      {tiles.map(([label, value]) => (
        <div key={label} className={classes.tile}>
          <dt>{label}</dt>
          <dd>{runs ? value : "…"}</dd>
        </div>
      ))}
    </dl>
  );
}

function QuickTemplates({ pid, templates }: { pid: number; templates: Template[] }) {
  const { t } = useTranslation("projects");
  const { can } = usePermissions(pid);
  const order = (x: Template) => x.last_task?.created ?? "";
  const shown = [...templates].sort((a, b) => order(b).localeCompare(order(a)));
  return (
    <ul className={classes.quick}>
      {shown.slice(0, shownTemplates).map((template) => (
        <li key={template.id}>
          <span className={classes.quickName}>
            <Link to="/project/$pid/templates/$id" params={{ pid, id: template.id }}>
              {template.name}
            </Link>
          </span>
          {template.last_task && isFinished(template.last_task.status) && (
            <StatusBadge status={template.last_task.status} />
          )}
          {can("run") && (
            <ButtonLink
              to="/project/$pid/templates/$id/run"
              params={{ pid, id: template.id }}
              size="xs"
              variant="default"
              leftSection={<IconPlayerPlay size={14} />}
              aria-label={t("overview.run", { name: template.name })}
            >
              {t("actions.run")}
            </ButtonLink>
          )}
        </li>
      ))}
    </ul>
  );
}

function FirstSteps({ pid }: { pid: number }) {
  const { t } = useTranslation("projects");
  const params = { pid };
  return (
    <div style={{ marginBlockEnd: 16 }}>
      <Card padded title={t("steps.title")}>
        <ol className={classes.steps}>
          <li>
            <Link to="/project/$pid/keys" params={params} search={{ open: "new" }}>
              {t("steps.key")}
            </Link>
          </li>
          <li>
            <Link to="/project/$pid/repositories" params={params} search={{ open: "new" }}>
              {t("steps.repository")}
            </Link>
          </li>
          <li>
            <Link to="/project/$pid/inventory" params={params} search={{ open: "new" }}>
              {t("steps.inventory")}
            </Link>
          </li>
          <li>
            <Link to="/project/$pid/templates/new" params={params}>
              {t("steps.template")}
            </Link>
          </li>
        </ol>
      </Card>
    </div>
  );
}
