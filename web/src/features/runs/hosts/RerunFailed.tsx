import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { IconRefreshAlert } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import { usePermissions } from "@/api/permissions";
import type { Task, Template } from "@/api/types";
import { ButtonLink } from "@/ui/links";
import { toastError } from "@/ui/toast";
import { useRerunFailed } from "../api";
import { secretQuestions } from "../launch/prefill";
import classes from "./hosts.module.css";
import { failedHosts, type Grid } from "./matrix";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly template: Template | undefined;
  readonly grid: Grid;
}

/** Runs again on the hosts that failed, for those who may start runs of a template that lets them choose hosts. */
export function RerunFailed({ projectId, task, template, grid }: Props) {
  const { t } = useTranslation("engine");
  const navigate = useNavigate();
  const rerun = useRerunFailed(projectId, task.id);
  const { can } = usePermissions(projectId, template?.permissions);
  const hosts = failedHosts(grid);
  if (hosts.length === 0 || !isFinished(task.status) || template === undefined || !can("run")) return null;
  const label = t("hosts.rerun", { count: hosts.length });
  const icon = <IconRefreshAlert size={16} />;
  if (template.task_params?.allow_override_limit !== true) {
    return (
      <span className={classes.refused}>
        <Button variant="default" leftSection={icon} disabled aria-describedby="rerun-refused">
          {label}
        </Button>
        <span id="rerun-refused" className="dim">
          {t("hosts.rerunRefused")}
        </span>
      </span>
    );
  }
  if (secretQuestions(template).length > 0) {
    // Secrets are not kept: they have to be entered again.
    const search = { from: task.id, limit: hosts.join(",") } as never;
    return (
      <ButtonLink to="/project/$pid/templates/$id/run" params={{ pid: projectId, id: template.id }} search={search} variant="default" leftSection={icon}>
        {label}
      </ButtonLink>
    );
  }
  const start = () =>
    rerun.mutate(undefined, {
      onSuccess: (made) => void navigate({ to: "/project/$pid/tasks/$tid", params: { pid: projectId, tid: made.id } }),
      onError: toastError,
    });
  return (
    <Button variant="default" leftSection={icon} loading={rerun.isPending} onClick={start}>
      {label}
    </Button>
  );
}
