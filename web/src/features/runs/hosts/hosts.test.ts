import { expect, test, vi } from "vitest";
import type { Matrix } from "@/api/types";
import { loadMatrix } from "./load";
import { cellState, failedHosts, filterGrid, grid, totals } from "./matrix";
import { move } from "./move";

const start = "2026-11-23T12:00:00Z";
const cell = (host: string, status: string, more = {}) => ({ host, status, start, duration_ms: 10, ...more });
const task = (number: number, name: string, cells: unknown[]) =>
  ({ number, name, action: "ping", start, counts: {}, cells }) as never;
const matrix = (tasks: never[], hosts: string[], last = tasks.length): Matrix => ({
  hosts,
  plays: [{ number: 1, name: "all", start, end: start, tasks }],
  tasks: last,
  truncated: false,
});

const small = matrix(
  [
    task(1, "ping", [cell("a", "ok"), cell("b", "ok", { changed: true }), cell("c", "unreachable")]),
    task(2, "copy", [cell("a", "skipped"), cell("b", "failed"), cell("d", "failed", { ignored: true })]),
  ],
  ["a", "b", "c", "d"],
);

test("a result has one state", () => {
  expect(cellState({ status: "failed", rescued: true })).toBe("rescued");
  expect(cellState({ status: "failed", ignored: true, changed: true })).toBe("ignored");
  expect(cellState({ status: "unreachable" })).toBe("unreachable");
  expect(cellState({ status: "ok", changed: true })).toBe("changed");
  expect(cellState({ status: "skipped" })).toBe("skipped");
  expect(cellState({ status: "ok" })).toBe("ok");
});

test("hosts with trouble come first, with their counts", () => {
  const { rows, columns } = grid(small);
  expect(rows.map((r) => r.host)).toEqual(["b", "c", "d", "a"]);
  expect(rows[0].counts).toMatchObject({ changed: 1, failed: 1, ok: 0 });
  expect(columns.map((c) => c.byHost.size)).toEqual([3, 3]);
  expect(failedHosts(grid(small))).toEqual(["b", "c"]);
  expect(totals(grid(small))).toMatchObject({ hosts: 4, tasks: 2, troubled: 2, results: { failed: 1, ignored: 1, unreachable: 1 } });
});

test("filters leave rows and columns with what was asked for", () => {
  const whole = grid(small);
  const shown = filterGrid(whole, { states: ["failed"], text: "" });
  expect(shown.rows.map((r) => r.host)).toEqual(["b"]);
  expect(shown.columns.map((c) => c.task.name)).toEqual(["copy"]);
  expect(filterGrid(whole, { states: [], text: "C" }).rows.map((r) => r.host)).toEqual(["c"]);
  expect(filterGrid(whole, { states: [], text: "pin" }).columns.map((c) => c.task.name)).toEqual(["ping"]);
  expect(filterGrid(whole, { states: [], text: "nowhere" }).rows).toEqual([]);
  expect(filterGrid(whole, { states: ["rescued"], text: "" }).rows).toEqual([]);
});

test("loads page after page, and smaller pages when an answer does not hold all", async () => {
  const hosts = Array.from({ length: 2000 }, (_, i) => `h${String(i)}`);
  const fetchTasks = vi.fn(async (first: number, limit: number): Promise<Matrix> => {
    if (limit > 50) return { ...matrix([], [], 120), truncated: true };
    const numbers = Array.from({ length: limit }, (_, i) => first + i).filter((n) => n <= 120);
    return matrix(numbers.map((n) => task(n, `t${String(n)}`, [])), hosts, 120);
  });
  const whole = await loadMatrix(fetchTasks);
  expect(whole.plays?.[0].tasks?.map((t) => t.number)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  expect(whole.truncated).toBe(false);
  expect(fetchTasks.mock.calls).toEqual([[1, 100], [1, 50], [51, 50], [101, 50]]);
});

test("of a run that goes on only the end is loaded again", async () => {
  const before = matrix(Array.from({ length: 30 }, (_, i) => task(i + 1, "old", [])), ["a"], 30);
  const asked: number[] = [];
  const whole = await loadMatrix(async (first) => {
    asked.push(first);
    const numbers = Array.from({ length: 31 - first + 1 }, (_, i) => first + i);
    return matrix(numbers.map((n) => task(n, "new", [])), ["a", "b"], 31);
  }, before);
  expect(asked).toEqual([11]);
  expect(whole.hosts).toEqual(["a", "b"]);
  const names = whole.plays?.[0].tasks?.map((t) => t.name) ?? [];
  expect(names).toHaveLength(31);
  expect(names.filter((n) => n === "old")).toHaveLength(10);
});

test("keys move inside the grid and stop at its ends", () => {
  const size = { rows: 3, columns: 2 };
  expect(move("ArrowDown", { row: 2, column: 0 }, size, false)).toEqual({ row: 2, column: 0 });
  expect(move("ArrowRight", { row: 0, column: 0 }, size, false)).toEqual({ row: 0, column: 1 });
  expect(move("End", { row: 0, column: 0 }, size, true)).toEqual({ row: 2, column: 1 });
  expect(move("PageDown", { row: 0, column: 1 }, size, false)).toEqual({ row: 2, column: 1 });
  expect(move("a", { row: 0, column: 0 }, size, false)).toBeNull();
});
