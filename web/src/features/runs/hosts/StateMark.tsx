import {
  IconAlertOctagon,
  IconArrowForwardUp,
  IconCheck,
  IconEyeOff,
  IconLifebuoy,
  IconPencil,
  IconPlugOff,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./hosts.module.css";
import type { State } from "./matrix";

const icons: Record<State, TablerIcon> = {
  failed: IconAlertOctagon,
  unreachable: IconPlugOff,
  rescued: IconLifebuoy,
  ignored: IconEyeOff,
  changed: IconPencil,
  ok: IconCheck,
  skipped: IconArrowForwardUp,
};

/** The sign of a result: its own shape and its own colour. The word stands beside it or in a label. */
export function StateMark({ state, size = 14 }: { state: State; size?: number }) {
  const Icon = icons[state];
  return (
    <span className={classes.mark} data-state={state} aria-hidden>
      <Icon size={size} stroke={2} />
    </span>
  );
}

export function useStateWord(): (state: State) => string {
  const { t } = useTranslation("engine");
  return (state) => t(`hosts.state.${state}`);
}
