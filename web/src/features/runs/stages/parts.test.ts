import { expect, test } from "vitest";
import type { Stage } from "@/api/types";
import { stageParts } from "./parts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const stage = (id: number, type: string, start: number | null, end: number | null): Stage =>
  ({ id, task_id: 1, type, start: start === null ? null : at(start), end: end === null ? null : at(end), start_output_id: 1, end_output_id: null, result: null }) as unknown as Stage;

test("parts take their share of the time, a running one up to now", () => {
  const parts = stageParts([stage(1, "init", 0, 10), stage(2, "running", 10, null)], Date.parse(at(40)));
  expect(parts.map((p) => p.duration)).toEqual([10_000, 30_000]);
  expect(parts.map((p) => p.running)).toEqual([false, true]);
  expect(parts[1].share).toBeGreaterThan(parts[0].share);
});

test("short parts stay readable, and clocks that differ do no harm", () => {
  const parts = stageParts([stage(1, "init", 5, 4), stage(2, "running", 5, 1000), stage(3, "print_result", null, null)], 0);
  expect(parts).toHaveLength(2);
  expect(parts[0]).toMatchObject({ duration: 0, share: 1 });
  expect(stageParts([], 0)).toEqual([]);
});
