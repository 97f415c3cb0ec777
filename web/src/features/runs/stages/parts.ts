import type { Stage } from "@/api/types";

export interface StagePart {
  readonly stage: Stage;
  /** In milliseconds; up to now for a part that goes on. */
  readonly duration: number;
  /** How much of the bar it takes, from 1 (short) to 6, so that short parts stay readable. */
  readonly share: number;
  readonly running: boolean;
}

const WIDEST = 6;

/** The bar of stages: parts that have begun, in their order. */
export function stageParts(stages: readonly Stage[], now: number): StagePart[] {
  const begun = stages.flatMap((stage) => {
    if (!stage.start) return [];
    const end = stage.end ? Date.parse(stage.end) : now;
    return [{ stage, duration: Math.max(0, end - Date.parse(stage.start)), running: !stage.end }];
  });
  const total = begun.reduce((sum, { duration }) => sum + duration, 0);
  return begun.map((part) => ({ ...part, share: total === 0 ? 1 : Math.max(1, (WIDEST * part.duration) / total) }));
}
