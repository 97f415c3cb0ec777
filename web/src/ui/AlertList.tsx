import { IconAlertOctagon, IconCircleCheck, IconClock, IconMinus, type TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./alertList.module.css";

export type AlertState = "pending" | "sent" | "failed" | "skipped";

const icons: Record<AlertState, TablerIcon> = {
  pending: IconClock,
  sent: IconCircleCheck,
  failed: IconAlertOctagon,
  skipped: IconMinus,
};

/** Channels for alerts, or what was sent by them, each with what became of it. */
export function AlertList({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className={classes.list} aria-label={label}>
      {children}
    </ul>
  );
}

interface Props {
  readonly name: ReactNode;
  /** As word, icon and colour; nothing while nothing is known. */
  readonly state?: AlertState | undefined;
  readonly stateText?: string | undefined;
  readonly notes: readonly ReactNode[];
}

export function AlertRow({ name, state, stateText, notes }: Props) {
  const Icon = state && icons[state];
  return (
    <li className={classes.row}>
      <span className={classes.name}>{name}</span>
      {Icon && (
        <span className={classes.state} data-state={state}>
          <Icon size={16} stroke={1.75} aria-hidden />
          {stateText}
        </span>
      )}
      {notes.map((note, i) =>
        note ? (
          <p key={i} className={classes.note}>
            {note}
          </p>
        ) : null,
      )}
    </li>
  );
}
