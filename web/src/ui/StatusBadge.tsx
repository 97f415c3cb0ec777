import {
  IconAlertOctagon,
  IconBan,
  IconChecks,
  IconCircleCheck,
  IconCircleDashed,
  IconClock,
  IconHandStop,
  IconHelp,
  IconLoader2,
  IconPlayerPlay,
  IconPlayerStop,
  IconSquare,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type StatusName, statusNames } from "@/theme/tokens";
import classes from "./StatusBadge.module.css";

const icons: Record<StatusName, TablerIcon> = {
  waiting: IconClock,
  starting: IconPlayerPlay,
  running: IconLoader2,
  waiting_confirmation: IconHandStop,
  confirmed: IconChecks,
  rejected: IconBan,
  success: IconCircleCheck,
  error: IconAlertOctagon,
  stopping: IconPlayerStop,
  stopped: IconSquare,
};

function isKnown(status: string): status is StatusName {
  return (statusNames as readonly string[]).includes(status);
}

/** Status as word, icon and colour. A value this version does not know shows as it came. */
export function StatusBadge({ status, title }: { status?: string; title?: string }) {
  const { t } = useTranslation();
  if (!status) {
    return (
      <span className={classes.badge} title={title}>
        <IconCircleDashed size={16} stroke={1.75} aria-hidden />
        {t("status.never")}
      </span>
    );
  }
  if (!isKnown(status)) {
    return (
      <span className={classes.badge} title={title} data-status={status}>
        <IconHelp size={16} stroke={1.75} aria-hidden />
        {status}
      </span>
    );
  }
  const Icon = icons[status];
  return (
    <span
      className={classes.badge}
      data-status={status}
      title={title}
      style={{
        color: `var(--sb-status-${status})`,
        background: `var(--sb-status-${status}-tint)`,
      }}
    >
      <Icon size={16} stroke={1.75} aria-hidden />
      {t(`status.${status}`)}
    </span>
  );
}
