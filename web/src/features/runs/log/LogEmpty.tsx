import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import classes from "./pane.module.css";
import type { LogStore } from "./store";
import { useLogFacts } from "./useLogStore";

/** Says why there is no output. */
export function LogEmpty({ task, store }: { task: Task; store: LogStore }) {
  const { t } = useTranslation("runs");
  const { total, complete } = useLogFacts(store);
  if (total > 0) return null;
  const kind = complete ? "none" : task.status === "waiting" ? "waiting" : "preparing";
  return (
    <div className={classes.empty}>
      <p className={classes.emptyTitle}>{t(`log.empty.${kind}`)}</p>
    </div>
  );
}
