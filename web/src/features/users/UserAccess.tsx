import { Button } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconLockOpen, IconLogout, IconShieldOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Section } from "@/ui/form";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { RelativeTime } from "@/ui/Time";
import { toastDone, toastError } from "@/ui/toast";
import {
  endSession,
  endSessions,
  oneUserQuery,
  resetFactor,
  unlockUser,
  type UserRow,
  userSessionsQuery,
  usersKeys,
} from "./api";
import classes from "./users.module.css";

/** How another user gets in: second factor, lock after wrong passwords, and open sessions. */
export function UserAccess({ user }: { user: UserRow }) {
  const { t } = useTranslation("users");
  const client = useQueryClient();
  const details = useQuery(oneUserQuery(user.id));
  const sessions = useQuery(userSessionsQuery(user.id));
  const act = useMutation({
    mutationFn: ({ run }: { run: () => Promise<void>; done: string }) => run(),
    onSuccess: async (_, { done }) => {
      toastDone(done);
      await client.invalidateQueries({ queryKey: usersKeys.one(user.id) });
    },
    onError: toastError,
  });
  const ask = (title: string, text: string, confirm: string, run: () => Promise<void>, done: string) =>
    modals.openConfirmModal({
      title,
      children: text,
      labels: { confirm, cancel: t("actions.cancel") },
      confirmProps: { color: "red" },
      closeButtonProps: { "aria-label": t("actions.close") },
      onConfirm: () => act.mutate({ run, done }),
    });

  const failed = details.error ?? sessions.error;
  if (failed) {
    return (
      <ErrorState
        error={failed}
        onRetry={() => void client.invalidateQueries({ queryKey: usersKeys.one(user.id) })}
      />
    );
  }
  if (!details.data || !sessions.data) return <RowsSkeleton rows={3} />;
  const factor = details.data.totp;
  const name = user.username;
  return (
    <div className={classes.access}>
      <Section title={t("access.title")}>
        <div className={classes.line}>
          <span className={classes.grow}>
            {t("access.factor")}
            <span className="dim">{factor ? t("access.factorOn") : t("access.factorOff")}</span>
          </span>
          {factor && (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconShieldOff size={14} />}
              disabled={act.isPending}
              onClick={() =>
                ask(
                  t("access.resetQuestion", { name }),
                  t("access.resetText"),
                  t("access.reset"),
                  () => resetFactor(user.id, factor.id),
                  t("access.resetDone"),
                )
              }
            >
              {t("access.reset")}
            </Button>
          )}
        </div>
        <div className={classes.line}>
          <span className={classes.grow}>
            {t("access.lock")}
            <span className="dim">{t("access.lockText")}</span>
          </span>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconLockOpen size={14} />}
            disabled={act.isPending}
            onClick={() => act.mutate({ run: () => unlockUser(user.id), done: t("access.unlocked") })}
          >
            {t("access.unlock")}
          </Button>
        </div>
      </Section>
      <Section title={t("sessions.title")}>
        {sessions.data.length === 0 ? (
          <p className={`dim ${classes.text}`}>{t("sessions.none")}</p>
        ) : (
          <>
            <ul className={classes.list} aria-label={t("sessions.title")}>
              {sessions.data.map((s) => (
                <li key={s.id} className={classes.line}>
                  <span className={classes.grow}>
                    <span className={classes.agent} title={s.user_agent}>
                      {s.user_agent || t("sessions.unknown")}
                    </span>
                    <span className="dim">
                      {s.ip} · <RelativeTime iso={s.last_active} />
                    </span>
                  </span>
                  <Button
                    variant="subtle"
                    color="red"
                    size="xs"
                    disabled={act.isPending}
                    onClick={() => act.mutate({ run: () => endSession(user.id, s.id), done: t("sessions.ended") })}
                  >
                    {t("sessions.end")}
                  </Button>
                </li>
              ))}
            </ul>
            <div>
              <Button
                variant="default"
                leftSection={<IconLogout size={16} />}
                disabled={act.isPending}
                onClick={() =>
                  ask(
                    t("sessions.endAllQuestion", { name }),
                    t("sessions.endAllText"),
                    t("sessions.endAll"),
                    () => endSessions(user.id),
                    t("sessions.ended"),
                  )
                }
              >
                {t("sessions.endAll")}
              </Button>
            </div>
          </>
        )}
      </Section>
    </div>
  );
}
