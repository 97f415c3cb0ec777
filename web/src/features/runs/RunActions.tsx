import { ActionIcon, Button, Menu } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useNavigate } from "@tanstack/react-router";
import { IconDots, IconLink, IconPencil, IconPlayerStop, IconRefresh, IconSkull, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import { usePermissions } from "@/api/permissions";
import { userQuery } from "@/api/queries";
import type { Task, Template } from "@/api/types";
import { ButtonLink, MenuLink } from "@/ui/links";
import { toastDone, toastError } from "@/ui/toast";
import { useDeleteRun, useStartRun, useStopRun } from "./api";
import { copyText } from "@/lib/clipboard";
import { repeatPayload } from "./launch/prefill";
import { DownloadItems } from "./log/LogToolbar";
import { useForceOffered } from "./useForceOffered";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly template: Template | undefined;
}

/** Run again, stop, and the rest in a menu; only what the user may do. */
export function RunActions({ projectId, task, template }: Props) {
  const { can } = usePermissions(projectId, template?.permissions);
  const active = !isFinished(task.status);
  return (
    <>
      {can("run") && active && <StopButton projectId={projectId} task={task} />}
      {can("run") && !active && template !== undefined && <RerunButton projectId={projectId} task={task} template={template} />}
      <MoreMenu projectId={projectId} task={task} mayRun={can("run")} active={active} />
    </>
  );
}

function RerunButton({ projectId, task, template }: Props & { readonly template: Template }) {
  const { t } = useTranslation("runs");
  const navigate = useNavigate();
  const start = useStartRun(projectId);
  const payload = repeatPayload(template, task);
  const again = () => {
    if (payload === null) return;
    start.mutate(payload, {
      onSuccess: (made) => void navigate({ to: "/project/$pid/tasks/$tid", params: { pid: projectId, tid: made.id } }),
      onError: toastError,
    });
  };
  if (payload === null) {
    // Secrets are not kept: they have to be entered again.
    const search = { from: task.id } as never;
    return (
      <ButtonLink
        to="/project/$pid/templates/$id/run"
        params={{ pid: projectId, id: task.template_id }}
        search={search}
        leftSection={<IconRefresh size={16} />}
      >
        {t("actions.rerun")}
      </ButtonLink>
    );
  }
  return (
    <Button leftSection={<IconRefresh size={16} />} loading={start.isPending} onClick={again}>
      {t("actions.rerun")}
    </Button>
  );
}

function StopButton({ projectId, task }: { projectId: number; task: Task }) {
  const { t } = useTranslation("runs");
  const stop = useStopRun(projectId, task.id);
  const stopping = task.status === "stopping";
  const forceOffered = useForceOffered(task);
  if (stopping) {
    return (
      <Button
        color="red"
        variant="light"
        leftSection={<IconSkull size={16} />}
        disabled={!forceOffered}
        loading={stop.isPending}
        onClick={() => confirmForce(t, () => stop.mutate(true, { onError: toastError }))}
      >
        {t("actions.forceStop")}
      </Button>
    );
  }
  return (
    <Button
      color="red"
      variant="light"
      leftSection={<IconPlayerStop size={16} />}
      loading={stop.isPending}
      onClick={() => stop.mutate(false, { onError: toastError })}
    >
      {t("actions.stop")}
    </Button>
  );
}

type Translate = (key: string, values?: Record<string, unknown>) => string;

function confirmForce(t: Translate, onConfirm: () => void) {
  modals.openConfirmModal({
    title: t("force.title"),
    children: t("force.text"),
    labels: { confirm: t("actions.forceStop"), cancel: t("common:actions.cancel") },
    confirmProps: { color: "red" },
    closeButtonProps: { "aria-label": t("common:actions.close") },
    onConfirm,
  });
}

interface MoreProps {
  readonly projectId: number;
  readonly task: Task;
  readonly mayRun: boolean;
  readonly active: boolean;
}

function MoreMenu({ projectId, task, mayRun, active }: MoreProps) {
  const { t } = useTranslation("runs");
  const stop = useStopRun(projectId, task.id);
  const user = useQuery(userQuery());
  const remove = useRemove(projectId, task.id);
  const search = { from: task.id } as never;
  const copyLink = async () => {
    if (await copyText(location.href)) toastDone(t("actions.linkCopied"));
  };
  return (
    <Menu position="bottom-end" shadow="md" width={240}>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label={t("common:actions.more")}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {mayRun && (
          <MenuLink
            to="/project/$pid/templates/$id/run"
            params={{ pid: projectId, id: task.template_id }}
            search={search}
            leftSection={<IconPencil size={16} />}
          >
            {t("actions.rerunChanged")}
          </MenuLink>
        )}
        <Menu.Item leftSection={<IconLink size={16} />} onClick={() => void copyLink()}>
          {t("actions.copyLink")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("download.label")}</Menu.Label>
        <DownloadItems projectId={projectId} taskId={task.id} />
        {(mayRun && active) || user.data?.admin === true ? <Menu.Divider /> : null}
        {mayRun && active && (
          <Menu.Item
            color="red"
            leftSection={<IconSkull size={16} />}
            onClick={() => confirmForce(t, () => stop.mutate(true, { onError: toastError }))}
          >
            {t("actions.forceStop")}
          </Menu.Item>
        )}
        {user.data?.admin === true && !active && (
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>
            {t("common:actions.delete")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function useRemove(projectId: number, id: number) {
  const { t } = useTranslation("runs");
  const navigate = useNavigate();
  const remove = useDeleteRun(projectId, id);
  const onSuccess = async () => {
    await navigate({ to: "/project/$pid/runs", params: { pid: projectId } });
    toastDone(t("delete.done", { id }));
  };
  return () =>
    modals.openConfirmModal({
      title: t("delete.title", { id }),
      children: t("delete.text"),
      labels: { confirm: t("common:actions.delete"), cancel: t("common:actions.cancel") },
      confirmProps: { color: "red" },
      closeButtonProps: { "aria-label": t("common:actions.close") },
      onConfirm: () => remove.mutate(undefined, { onSuccess: () => void onSuccess(), onError: toastError }),
    });
}
