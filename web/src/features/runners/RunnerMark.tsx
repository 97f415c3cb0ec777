import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconKey,
  IconPlayerPause,
  type TablerIcon,
} from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Runner } from "@/api/types";
import classes from "./runners.module.css";
import { awaitsCleaning, type RunnerState, stateOf } from "./values";

const looks: Record<RunnerState, [icon: TablerIcon, colour: string]> = {
  off: [IconPlayerPause, "stopped"],
  unregistered: [IconKey, "waiting_confirmation"],
  never: [IconCircleDashed, "waiting"],
  online: [IconCircleCheck, "success"],
  late: [IconClock, "stopping"],
  offline: [IconCircleX, "error"],
};

const TICK = 10_000;

/** How a runner is doing, as word, icon and colour; stays true while it is shown. */
export function RunnerMark({ runner }: { runner: Runner }) {
  const { t } = useTranslation("runners");
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK);
    return () => clearInterval(timer);
  }, []);
  const state = stateOf(runner, now);
  const [Icon, colour] = looks[state];
  return (
    <>
      <span
        className={classes.mark}
        title={t(`stateHelp.${state}`)}
        style={{ color: `var(--sb-status-${colour})`, background: `var(--sb-status-${colour}-tint)` }}
      >
        <Icon size={16} stroke={1.75} aria-hidden />
        {t(`state.${state}`)}
      </span>
      {awaitsCleaning(runner) && <span className={`dim ${classes.cleaning}`}>{t("cleaning")}</span>}
    </>
  );
}
