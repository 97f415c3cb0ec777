import type { Cell, Matrix, PlayTask } from "@/api/types";

/** How a task ended on a host, the worst first. */
export const states = ["failed", "unreachable", "rescued", "ignored", "changed", "ok", "skipped"] as const;
export type State = (typeof states)[number];

/** What the server knows of the result, in one word. An unknown one counts as it is called. */
export function cellState(cell: Pick<Cell, "status" | "changed" | "ignored" | "rescued">): State {
  if (cell.status === "failed" || cell.status === "unreachable") {
    if (cell.rescued) return "rescued";
    if (cell.ignored) return "ignored";
    return cell.status;
  }
  if (cell.changed) return "changed";
  return cell.status === "skipped" ? "skipped" : "ok";
}

export interface Column {
  readonly task: PlayTask;
  readonly play: string;
  readonly playNumber: number;
  readonly byHost: ReadonlyMap<string, Cell>;
}

export type Counts = Readonly<Record<State, number>>;

export interface Row {
  readonly host: string;
  readonly counts: Counts;
}

export interface Grid {
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
}

function noCounts(): Record<State, number> {
  return { failed: 0, unreachable: 0, rescued: 0, ignored: 0, changed: 0, ok: 0, skipped: 0 };
}

/** The answer of the server as rows of hosts and columns of tasks; hosts with trouble come first. */
export function grid(matrix: Matrix): Grid {
  const counts = new Map<string, Record<State, number>>();
  for (const host of matrix.hosts ?? []) counts.set(host, noCounts());
  const columns: Column[] = [];
  for (const play of matrix.plays ?? []) {
    for (const task of play.tasks ?? []) {
      const byHost = new Map<string, Cell>();
      for (const cell of task.cells ?? []) {
        byHost.set(cell.host, cell);
        const of = counts.get(cell.host) ?? noCounts();
        of[cellState(cell)]++;
        counts.set(cell.host, of);
      }
      columns.push({ task, play: play.name, playNumber: play.number, byHost });
    }
  }
  const rows = [...counts].map(([host, of]) => ({ host, counts: of }));
  return { rows: rows.sort((a, b) => trouble(b.counts) - trouble(a.counts)), columns };
}

function trouble(counts: Counts): number {
  return counts.failed + counts.unreachable > 0 ? 2 : counts.rescued + counts.ignored > 0 ? 1 : 0;
}

export interface Filter {
  readonly states: readonly State[];
  readonly text: string;
}

/**
 * Rows and columns with a result of one of the states, and with the text in their names: a text that
 * names hosts chooses hosts, else it chooses tasks.
 */
export function filterGrid({ rows, columns }: Grid, filter: Filter): Grid {
  const text = filter.text.trim().toLowerCase();
  const named = (name: string) => name.toLowerCase().includes(text);
  const hosts = text === "" ? rows : rows.filter((row) => named(row.host));
  const byHost = text === "" || hosts.length > 0;
  const kept = byHost ? hosts : rows;
  const tasks = byHost ? columns : columns.filter(({ task }) => named(task.name));
  if (filter.states.length === 0) return tasks.length === 0 && !byHost ? { rows: [], columns: [] } : { rows: kept, columns: tasks };
  const wanted = new Set<State>(filter.states);
  const hit = (column: Column, host: string) => {
    const cell = column.byHost.get(host);
    return cell !== undefined && wanted.has(cellState(cell));
  };
  const withHit = kept.filter(({ host }) => tasks.some((column) => hit(column, host)));
  return { rows: withHit, columns: tasks.filter((column) => withHit.some(({ host }) => hit(column, host))) };
}

export interface Totals {
  readonly hosts: number;
  readonly tasks: number;
  /** Results by state. */
  readonly results: Counts;
  /** Hosts on which something failed or that could not be reached. */
  readonly troubled: number;
}

export function totals({ rows, columns }: Grid): Totals {
  const results = noCounts();
  for (const { counts } of rows) for (const state of states) results[state] += counts[state];
  return { hosts: rows.length, tasks: columns.length, results, troubled: failedHosts({ rows }).length };
}

/** The hosts that a repeated run would be limited to. */
export function failedHosts({ rows }: Pick<Grid, "rows">): string[] {
  return rows.filter(({ counts }) => counts.failed + counts.unreachable > 0).map(({ host }) => host);
}
