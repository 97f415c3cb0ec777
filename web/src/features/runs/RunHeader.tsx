import { Alert, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import { projectQuery, templateQuery } from "@/api/queries";
import type { Task } from "@/api/types";
import { formatDuration, formatTime } from "@/lib/format";
import { PageHeader } from "@/ui/PageHeader";
import { StatusBadge } from "@/ui/StatusBadge";
import { runRowQuery } from "./api";
import { WaitReason } from "./explain/WaitReason";
import { RunActions } from "./RunActions";
import { RunFacts } from "./RunFacts";
import { queueTime, runDuration } from "./runTimes";
import classes from "./run.module.css";
import { useNow } from "./useNow";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  /** Shows the plan; absent where it is on the screen. */
  readonly onPlan?: () => void;
}

/** What ran, how it stands and what can be done about it. */
export function RunHeader({ projectId, task, onPlan }: Props) {
  const { t } = useTranslation("runs");
  const project = useQuery(projectQuery(projectId));
  const template = useQuery(templateQuery(projectId, task.template_id));
  const row = useQuery(runRowQuery(projectId, task.id));
  const name = template.data?.name ?? row.data?.tpl_alias ?? t("run.template", { id: task.template_id });
  const title = t("run.title", { name, id: task.id });
  return (
    <>
      <PageHeader
        title={title}
        context={project.data?.name}
        trail={<Trail projectId={projectId} task={task} name={name} />}
        badge={<StatusBadge status={task.status} />}
        actions={<RunActions projectId={projectId} task={task} template={template.data} />}
        description={
          <>
            <RunFacts projectId={projectId} task={task} app={template.data?.app ?? row.data?.tpl_app} user={row.data?.user_name} />
            <RunClock task={task} />
          </>
        }
      />
      <TitleStatus title={title} status={task.status} />
      <Reason projectId={projectId} task={task} onPlan={onPlan} />
      <StatusVoice status={task.status} />
    </>
  );
}

function Trail({ projectId, task, name }: { projectId: number; task: Task; name: string }) {
  const { t } = useTranslation("runs");
  return (
    <>
      <Link to="/project/$pid/templates" params={{ pid: projectId }} className={classes.link}>
        {t("run.templates")}
      </Link>
      <span aria-hidden>▸</span>
      <Link to="/project/$pid/templates/$id" params={{ pid: projectId, id: task.template_id }} className={classes.link}>
        {name}
      </Link>
    </>
  );
}

/** Queue, start, end and duration; ticking while the run is under way. */
function RunClock({ task }: { task: Task }) {
  const { t } = useTranslation("runs");
  const now = useNow(!isFinished(task.status));
  const duration = runDuration(task, now);
  const parts = [
    <span key="queued" title={formatTime(task.created)}>
      {t("run.queued", { time: clock(task.created), wait: formatDuration(queueTime(task, now)) })}
    </span>,
  ];
  if (task.start) {
    parts.push(
      <span key="started" title={formatTime(task.start)}>
        {t("run.started", { time: clock(task.start) })}
      </span>,
    );
  }
  if (task.end) {
    parts.push(
      <span key="ended" title={formatTime(task.end)}>
        {t("run.ended", { time: clock(task.end) })}
      </span>,
    );
  }
  return (
    <div className={`${classes.clock} tnum`}>
      {parts}
      {duration !== null && <strong>{formatDuration(duration)}</strong>}
    </div>
  );
}

function clock(iso: string): string {
  const format: Intl.DateTimeFormatOptions = { timeStyle: "medium" };
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", format).format(new Date(iso));
}

/** Why a run waits, or why it ended as it did. */
function Reason({ projectId, task, onPlan }: Props) {
  const { t } = useTranslation("runs");
  if (task.status === "waiting") return <WaitReason projectId={projectId} task={task} />;
  if (task.status === "waiting_confirmation" && onPlan !== undefined) {
    return (
      <Alert className={classes.reason} color="yellow" icon={<IconHandStop size={18} />}>
        <span className={classes.ask}>
          {t("wait.confirmation")}
          <Button size="xs" variant="default" onClick={onPlan}>
            {t("wait.toPlan")}
          </Button>
        </span>
      </Alert>
    );
  }
  const stopped = task.status === "stopped";
  if (!isFinished(task.status) || !(task.status_reason || (stopped && task.stopped_by))) return null;
  return (
    <Alert className={classes.reason} variant={stopped ? "default" : "light"} color={stopped ? "gray" : "red"} icon={<IconAlertTriangle size={18} />}>
      {stopped && task.stopped_by ? t("run.stoppedBy", { name: task.stopped_by }) : task.status_reason}
    </Alert>
  );
}

/** The state comes first in the tab's title. */
function TitleStatus({ title, status }: { title: string; status: string }) {
  const { t } = useTranslation();
  const word = t(`status.${status}`, { defaultValue: status });
  useEffect(() => {
    const before = document.title;
    document.title = `${isFinished(status) ? "" : "● "}${word} · ${before}`;
    return () => {
      document.title = before;
    };
  }, [title, status, word]);
  return null;
}

/** Tells screen readers once when the status changes. */
function StatusVoice({ status }: { status: string }) {
  const { t } = useTranslation("runs");
  const first = useRef(status);
  const [changed, setChanged] = useState(false);
  useEffect(() => {
    if (status !== first.current) setChanged(true);
  }, [status]);
  const word = t(`common:status.${status}`, { defaultValue: status });
  return (
    <div className="visually-hidden" role="status">
      {changed ? t("run.nowStatus", { status: word }) : ""}
    </div>
  );
}
