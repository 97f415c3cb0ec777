import { isFinished } from "@/api/cache";
import type { TaskRow } from "@/api/types";

export type Summary = {
  active: number;
  queued: number;
  /** Of the runs that ended by themselves. */
  successRate?: number;
  medianDuration?: number;
};

export function summarize(runs: TaskRow[]): Summary {
  const ended = runs.filter((r) => r.status === "success" || r.status === "error");
  const durations = ended
    .flatMap((r) => (r.start && r.end ? [Date.parse(r.end) - Date.parse(r.start)] : []))
    .sort((a, b) => a - b);
  return {
    queued: runs.filter((r) => r.status === "waiting").length,
    active: runs.filter((r) => r.status !== "waiting" && !isFinished(r.status)).length,
    successRate:
      ended.length > 0
        ? ended.filter((r) => r.status === "success").length / ended.length
        : undefined,
    medianDuration: durations[Math.floor((durations.length - 1) / 2)],
  };
}
