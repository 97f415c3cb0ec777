import { useTranslation } from "react-i18next";
import { errorText } from "@/ui/errorText";
import { formatNumber } from "@/lib/format";
import classes from "./toolbar.module.css";
import type { LogStore } from "./store";
import { useLogFacts } from "./useLogStore";

/** How long the log is, and what went wrong with fetching it. */
export function LogSummary({ store }: { store: LogStore }) {
  const { t } = useTranslation("runs");
  const { total, complete, failure } = useLogFacts(store);
  return (
    <span className={classes.summary}>
      {t(complete ? "log.lines" : "log.linesSoFar", { count: total, number: formatNumber(total) })}
      {failure !== null && <span className={classes.failure}>{errorText(failure, t)}</span>}
    </span>
  );
}
