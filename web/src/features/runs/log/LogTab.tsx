import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { LogPane } from "./LogPane";
import classes from "./pane.module.css";
import { useLogStore } from "./useLogStore";

export function LogTab({ projectId, task }: { projectId: number; task: Task }) {
  const { t } = useTranslation("runs");
  const { state, retry } = useLogStore(projectId, task.id);
  switch (state.phase) {
    case "loading":
      return (
        <div className={classes.frame} aria-busy="true" aria-label={t("log.label")}>
          <RowsSkeleton rows={12} height={18} />
        </div>
      );
    case "failed":
      return (
        <div className={classes.frame}>
          <ErrorState error={state.error} onRetry={retry} />
        </div>
      );
    case "open":
      return <LogPane key={task.id} projectId={projectId} task={task} store={state.store} />;
  }
}
