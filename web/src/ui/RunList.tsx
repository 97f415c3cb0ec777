import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { TaskRow } from "@/api/types";
import classes from "./RunList.module.css";
import { StatusBadge } from "./StatusBadge";
import { Duration, RelativeTime } from "./Time";

/** A short list of runs, for the pages that are not about runs. */
export function RunList({
  project,
  tasks,
  withTemplate,
}: {
  project: number;
  tasks: TaskRow[];
  withTemplate?: boolean;
}) {
  const { t } = useTranslation();
  return (
    <ul className={classes.list}>
      {tasks.map((task) => (
        <li key={task.id} className={classes.row}>
          <StatusBadge status={task.status} title={task.wait_reason ?? task.status_reason} />
          <div className={classes.text}>
            <Link
              to="/project/$pid/tasks/$tid"
              params={{ pid: project, tid: task.id }}
              className={classes.link}
            >
              {withTemplate ? task.tpl_alias : t("run.number", { id: task.id })}
              {withTemplate && <span className={classes.id}> #{task.id}</span>}
            </Link>
            <span className={classes.meta}>
              {[task.message, task.user_name].filter(Boolean).join(" · ")}
            </span>
          </div>
          <span className={classes.duration}>
            <Duration start={task.start} end={task.end} />
          </span>
          <span className={classes.when}>
            <RelativeTime iso={task.start ?? task.created} />
          </span>
        </li>
      ))}
    </ul>
  );
}
