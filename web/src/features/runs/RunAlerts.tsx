import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Notification, Task } from "@/api/types";
import { formatTime } from "@/lib/format";
import { AlertList, AlertRow, type AlertState } from "@/ui/AlertList";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { notificationsQuery } from "./api";
import classes from "./run.module.css";

/** Whom the server has told about a run, and with what success. */
export function RunAlerts({ projectId, task }: { projectId: number; task: Task }) {
  const { t } = useTranslation("alerts");
  const rows = useQuery(notificationsQuery(projectId, task.id));
  return (
    <section className={classes.group}>
      <h2 className={classes.groupTitle}>{t("run.title")}</h2>
      {rows.error ? (
        <ErrorState error={rows.error} onRetry={() => void rows.refetch()} />
      ) : rows.data === undefined ? (
        <RowsSkeleton rows={1} />
      ) : rows.data.length === 0 ? (
        <p className="dim">{t("run.empty")}</p>
      ) : (
        <AlertList label={t("run.title")}>
          {rows.data.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </AlertList>
      )}
    </section>
  );
}

function Row({ row }: { row: Notification }) {
  const { t } = useTranslation("alerts");
  const state: AlertState = row.state;
  const to = row.user_id === undefined ? "" : ` ${t("run.to", { name: row.user_name || t("run.someone") })}`;
  const facts = [
    t(`common:status.${row.event}`),
    row.last_attempt && formatTime(row.last_attempt),
    row.attempts > 1 && t("run.attempts", { count: row.attempts }),
    row.state === "pending" && row.error && row.next_attempt && t("run.next", { when: formatTime(row.next_attempt) }),
  ];
  return (
    <AlertRow
      name={row.name + to}
      state={state}
      stateText={t(`run.state.${state}`)}
      notes={[row.error, facts.filter(Boolean).join(" · ")]}
    />
  );
}
