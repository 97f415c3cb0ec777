import { Alert, Button, Modal, TextInput } from "@mantine/core";
import { IconBan, IconChecks, IconHandStop } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { usePermissions } from "@/api/permissions";
import type { Task } from "@/api/types";
import { formatTime } from "@/lib/format";
import { toastDone, toastError } from "@/ui/toast";
import { useDecide } from "../api";
import classes from "./plan.module.css";
import { CountList } from "./PlanTab";
import type { Plan } from "./summary";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly plan: Plan | null;
  readonly templateMask: number | null | undefined;
}

/** The decision about a plan while the run waits for it, later who made it. */
export function ApproveBar({ projectId, task, plan, templateMask }: Props) {
  const { t } = useTranslation("engine");
  if (task.status !== "waiting_confirmation") return <Decided task={task} />;
  return (
    <section className={classes.bar} aria-label={t("approve.label")}>
      <div className={classes.barText}>
        <IconHandStop size={20} aria-hidden />
        <strong>{t("approve.question")}</strong>
        {plan !== null && !plan.unreadable && <CountList counts={plan.counts} />}
      </div>
      <Buttons projectId={projectId} task={task} plan={plan} templateMask={templateMask} />
    </section>
  );
}

function Buttons({ projectId, task, plan, templateMask }: Props) {
  const { t } = useTranslation("engine");
  const { ready, can } = usePermissions(projectId, templateMask);
  const decide = useDecide(projectId, task.id);
  const [asking, setAsking] = useState(false);
  const answer = (confirm: boolean) =>
    decide.mutate(confirm, {
      onSuccess: () => toastDone(t(confirm ? "approve.confirmed" : "approve.rejected")),
      // Somebody else was faster: the page shows what they decided.
      onError: (error) => (isApiError(error, 409) ? toastDone(t("approve.late")) : toastError(error)),
      onSettled: () => setAsking(false),
    });
  if (!ready) return null;
  if (!can("run")) return <p className="dim">{t("approve.forbidden")}</p>;
  const destroyed = plan?.counts.destroy ?? 0;
  return (
    <div className={classes.buttons}>
      <Button variant="default" leftSection={<IconBan size={16} />} disabled={decide.isPending} onClick={() => answer(false)}>
        {t("approve.reject")}
      </Button>
      <Button
        color={destroyed > 0 ? "red" : undefined}
        leftSection={<IconChecks size={16} />}
        loading={decide.isPending}
        onClick={() => (destroyed > 0 ? setAsking(true) : answer(true))}
      >
        {t("approve.confirm")}
      </Button>
      <DestroyQuestion opened={asking} count={destroyed} busy={decide.isPending} onClose={() => setAsking(false)} onConfirm={() => answer(true)} />
    </div>
  );
}

interface QuestionProps {
  readonly opened: boolean;
  readonly count: number;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** What is destroyed is gone: the number has to be typed. */
function DestroyQuestion({ opened, count, busy, onClose, onConfirm }: QuestionProps) {
  const { t } = useTranslation("engine");
  const [typed, setTyped] = useState("");
  const right = typed.trim() === String(count);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (right && !busy) onConfirm();
  };
  const close = () => {
    setTyped("");
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={t("approve.destroyTitle", { count })} closeButtonProps={{ "aria-label": t("common:actions.close") }}>
      <form onSubmit={submit} className={classes.question}>
        <p className={classes.help}>{t("approve.destroyText")}</p>
        <TextInput
          label={t("approve.destroyType", { number: count })}
          inputMode="numeric"
          autoComplete="off"
          data-autofocus
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t("common:actions.cancel")}
          </Button>
          <Button type="submit" color="red" disabled={!right} loading={busy}>
            {t("approve.confirm")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Decided({ task }: { task: Task }) {
  const { t } = useTranslation("engine");
  if (!task.decision || !task.decided_at) return null;
  const name = task.decided_by_name || (task.decided_by ? `#${String(task.decided_by)}` : t("approve.somebody"));
  const rejected = task.decision === "rejected";
  const Icon = rejected ? IconBan : IconChecks;
  return (
    <Alert variant="default" icon={<Icon size={18} />}>
      {t(rejected ? "approve.rejectedBy" : "approve.confirmedBy", { name, time: formatTime(task.decided_at) })}
    </Alert>
  );
}
