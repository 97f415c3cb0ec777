import { useQuery } from "@tanstack/react-query";
import { IconServer2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Card } from "@/ui/Card";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import classes from "./hosts.module.css";
import type { State } from "./matrix";
import { hostErrorsQuery, hostTotalsQuery } from "./queries";
import { useStateWord } from "./StateMark";

const columns: State[] = ["ok", "changed", "failed", "unreachable", "skipped", "rescued", "ignored"];

/** Totals by host and the errors, for runs whose results by task are not known. */
export function SummaryTables({ projectId, taskId }: { projectId: number; taskId: number }) {
  const { t } = useTranslation("engine");
  const word = useStateWord();
  const hosts = useQuery(hostTotalsQuery(projectId, taskId));
  const errors = useQuery(hostErrorsQuery(projectId, taskId));
  if (hosts.data === undefined) {
    if (hosts.error) return <ErrorState error={hosts.error} onRetry={() => void hosts.refetch()} />;
    return <RowsSkeleton />;
  }
  if (hosts.data.length === 0) {
    return <Empty icon={<IconServer2 size={28} stroke={1.5} />} title={t("hosts.none")} text={t("hosts.noneText")} />;
  }
  return (
    <div className={classes.tab}>
      {(errors.data ?? []).length > 0 && (
        <Card padded title={t("hosts.errors")}>
          <ul className={classes.errors}>
            {(errors.data ?? []).map((each) => (
              <li key={each.id}>
                <strong>{each.host}</strong> · {each.task}
                <pre className={`${classes.text} mono`}>{each.error}</pre>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <div className={classes.tableFrame}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t("hosts.host")}</th>
              {columns.map((state) => (
                <th key={state} scope="col">
                  {word(state)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {hosts.data.map((host) => (
              <tr key={host.id}>
                <th scope="row">{host.host}</th>
                {columns.map((state) => (
                  <td key={state} className="tnum" data-state={host[state] > 0 ? state : undefined}>
                    {host[state]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
