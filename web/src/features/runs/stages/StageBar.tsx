import { useQuery } from "@tanstack/react-query";
import {
  IconClipboardList,
  IconListSearch,
  IconPlayerPlay,
  IconSettings,
  IconStack,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import type { Stage, Task } from "@/api/types";
import { formatDuration } from "@/lib/format";
import { stagesQuery } from "../api";
import { useNow } from "../useNow";
import { stageParts } from "./parts";
import classes from "./stages.module.css";

const icons: Record<string, TablerIcon> = {
  init: IconSettings,
  terraform_plan: IconListSearch,
  running: IconPlayerPlay,
  print_result: IconClipboardList,
};

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly onJump: (line: number) => void;
}

/** The parts of a run side by side, as wide as they took long; each leads to its first line of the log. */
export function StageBar({ projectId, task, onJump }: Props) {
  const { t } = useTranslation("runs");
  const active = !isFinished(task.status);
  const stages = useQuery(stagesQuery(projectId, task.id, active));
  const now = useNow(active);
  const parts = stageParts(stages.data ?? [], task.end ? Date.parse(task.end) : now);
  if (parts.length === 0) return null;
  return (
    <ol className={classes.bar} aria-label={t("stages.label")}>
      {parts.map(({ stage, duration, share, running }) => (
        <li key={stage.id} style={{ flexGrow: share }} className={classes.part} data-running={(running && active) || undefined}>
          <StageButton stage={stage} duration={duration} onJump={onJump} />
        </li>
      ))}
    </ol>
  );
}

function StageButton({ stage, duration, onJump }: { stage: Stage; duration: number; onJump: (line: number) => void }) {
  const { t } = useTranslation("runs");
  const Icon = icons[stage.type] ?? IconStack;
  const name = t(`stages.type.${stage.type}`, { defaultValue: stage.type });
  const line = stage.start_output_id ?? 0;
  return (
    <button
      type="button"
      className={classes.button}
      disabled={line === 0}
      title={line === 0 ? t("stages.silent", { name }) : t("stages.jump", { name, line })}
      onClick={() => onJump(line)}
    >
      <Icon size={14} stroke={1.75} aria-hidden />
      <span className={classes.name}>{name}</span>
      <span className={`${classes.time} tnum`}>{formatDuration(duration)}</span>
    </button>
  );
}
