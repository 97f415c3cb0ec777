import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconHourglass } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import { explainQuery } from "../api";
import classes from "../run.module.css";

/** Why a run waits, with the way to the run that it waits for. */
export function WaitReason({ projectId, task }: { projectId: number; task: Task }) {
  const { t } = useTranslation("runs");
  const explained = useQuery(explainQuery(projectId, task.id, true));
  const waiting = explained.data?.waiting;
  const text = waiting
    ? t(`wait.${waiting.reason}`, { count: waiting.limit, defaultValue: waiting.text })
    : (explained.data?.problem ?? task.wait_reason);
  const ahead = explained.data?.ahead ?? 0;
  if (!text) return null;
  return (
    <Alert className={classes.reason} variant="default" icon={<IconHourglass size={18} />}>
      {text}{" "}
      {waiting?.task_id !== undefined && waiting.task_id > 0 && (
        <Link to="/project/$pid/tasks/$tid" params={{ pid: projectId, tid: waiting.task_id }} className={classes.link}>
          {t("wait.task", { id: waiting.task_id })}
        </Link>
      )}
      {ahead > 0 && <span className="dim"> {t("wait.ahead", { count: ahead })}</span>}
    </Alert>
  );
}
