import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import classes from "./pane.module.css";

/** Says why there is no output. */
export function LogEmpty({ task, complete }: { task: Task; complete: boolean }) {
  const { t } = useTranslation("runs");
  const kind = complete ? "none" : task.status === "waiting" ? "waiting" : "preparing";
  return (
    <div className={classes.empty}>
      <p className={classes.emptyTitle}>{t(`log.empty.${kind}`)}</p>
    </div>
  );
}
