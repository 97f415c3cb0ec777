import { isFinished } from "@/api/cache";
import type { Task } from "@/api/types";

export type Times = Pick<Task, "status" | "created" | "start" | "end">;

/** A moment, or null for one that has not come; servers write "no time" in more than one way. */
export function moment(value: string | null | undefined): number | null {
  if (!value) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) || time <= 0 ? null : time;
}

/** How long a run took or is taking; null before it started. */
export function runDuration(task: Times, now: number): number | null {
  const start = moment(task.start);
  if (start === null) return null;
  const end = moment(task.end) ?? (isFinished(task.status) ? start : now);
  return Math.max(0, end - start);
}

/** How long a run waited in the queue. */
export function queueTime(task: Times, now: number): number {
  const created = moment(task.created) ?? now;
  return Math.max(0, (moment(task.start) ?? moment(task.end) ?? now) - created);
}
