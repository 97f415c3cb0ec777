import { Button, Popover } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { live, type LiveState, useLiveState } from "@/api/live";
import classes from "./Shell.module.css";

function wait(state: LiveState, now: number): number {
  return state.retryAt ? Math.max(0, Math.ceil((state.retryAt - now) / 1000)) : 0;
}

/** Whether what the page shows is live, and what is wrong when it is not. */
export function LiveIndicator() {
  const { t } = useTranslation();
  const state = useLiveState();
  const [now, setNow] = useState(() => Date.now());
  const waiting = state.retryAt !== undefined;

  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [waiting]);

  return (
    <Popover position="bottom-end" width={280} shadow="md" withArrow>
      <Popover.Target>
        <button type="button" className={classes.live} data-state={state.status}>
          <span className={classes.liveDot} aria-hidden />
          <span className={classes.liveWord}>{t(`live.${state.status}`)}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={classes.popText}>{t(`live.help.${state.status}`)}</p>
        {state.attempts > 0 && (
          <>
            <p className={classes.popText}>
              {t("live.attempts", { count: state.attempts })}{" "}
              {waiting && t("live.next", { count: wait(state, now) })}
            </p>
            <Button size="xs" variant="default" onClick={live.retryNow}>
              {t("live.now")}
            </Button>
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
