import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import type { TaskRow } from "@/api/types";
import { formatDuration, formatRelative, formatTime } from "@/lib/format";
import { StatusBadge } from "@/ui/StatusBadge";
import { moment, runDuration } from "./runTimes";
import classes from "./runs.module.css";
import { useNow } from "./useNow";

interface Props {
  readonly projectId: number;
  readonly rows: readonly TaskRow[];
  readonly withoutTemplate?: boolean;
}

export function RunRows({ projectId, rows, withoutTemplate = false }: Props) {
  const { t } = useTranslation("runs");
  const now = useNow(rows.some((row) => !isFinished(row.status)));
  const withVersion = rows.some((row) => row.version);
  const head = (name: string, className?: string) => (
    <th scope="col" className={className}>
      {t(`runs.column.${name}`)}
    </th>
  );
  return (
    <table className={classes.table} aria-label={t("runs.title")}>
      <thead>
        <tr>
          {head("status", classes.narrow)}
          {head("run")}
          {head("message", classes.optional)}
          {head("who")}
          {withVersion && head("version")}
          {head("started")}
          {head("duration")}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td>
              <StatusBadge status={row.status} title={row.wait_reason ?? row.status_reason} />
            </td>
            <td>
              <RunLink projectId={projectId} row={row} withoutTemplate={withoutTemplate} />
            </td>
            <td className={`${classes.optional} ${classes.message}`}>
              <Message row={row} />
            </td>
            <td>
              <Who row={row} />
            </td>
            {withVersion && <td className="tnum">{row.version}</td>}
            <td className={classes.time}>
              <Started row={row} now={now} />
            </td>
            <td className={classes.time}>
              <Duration row={row} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function RunCards({ projectId, rows }: Props) {
  const { t } = useTranslation("runs");
  const now = useNow(rows.some((row) => !isFinished(row.status)));
  return (
    <ul className={classes.cards} aria-label={t("runs.title")}>
      {rows.map((row) => (
        <li key={row.id} className={classes.card}>
          <div className={classes.cardText}>
            <RunLink projectId={projectId} row={row} />
            <div className={`${classes.cardMeta} tnum`}>
              <Started row={row} now={now} />
              <Duration row={row} now={now} />
              <Who row={row} />
            </div>
          </div>
          <StatusBadge status={row.status} />
        </li>
      ))}
    </ul>
  );
}

function RunLink({ projectId, row, withoutTemplate = false }: { projectId: number; row: TaskRow; withoutTemplate?: boolean }) {
  const { t } = useTranslation("runs");
  return (
    <Link to="/project/$pid/tasks/$tid" params={{ pid: projectId, tid: row.id }} data-row-link>
      <span className="tnum">{t("runs.number", { id: row.id })}</span>
      {!withoutTemplate && <span className={classes.template}>{row.tpl_alias}</span>}
    </Link>
  );
}

function Message({ row }: { row: TaskRow }) {
  const text = row.message || row.commit_message?.split("\n")[0];
  return (
    <>
      {text && <span>{text}</span>}
      {row.commit_hash && <span className={`${classes.commit} mono`}>{row.commit_hash.slice(0, 8)}</span>}
    </>
  );
}

function Who({ row }: { row: TaskRow }) {
  const { t } = useTranslation("runs");
  if (row.user_name) return <span>{row.user_name}</span>;
  if (row.schedule_id) return <span>{t("run.bySchedule")}</span>;
  if (row.integration_id) return <span>{t("run.byIntegration")}</span>;
  return null;
}

function Started({ row, now }: { row: TaskRow; now: number }) {
  const iso = moment(row.start) === null ? row.created : (row.start ?? row.created);
  return <time dateTime={iso} title={formatTime(iso)}>{formatRelative(iso, Math.max(now, Date.parse(iso)))}</time>;
}

function Duration({ row, now }: { row: TaskRow; now: number }) {
  const duration = runDuration(row, now);
  return duration === null ? null : <span>{formatDuration(duration)}</span>;
}
