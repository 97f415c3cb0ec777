import type { TaskRow } from "@/api/types";

/** Quick chips and the statuses each stands for. */
export const statusChips = {
  active: ["starting", "running", "stopping", "waiting_confirmation", "confirmed"],
  waiting: ["waiting"],
  failed: ["error"],
  success: ["success"],
  stopped: ["stopped", "rejected"],
} as const satisfies Record<string, readonly string[]>;

export type StatusChip = keyof typeof statusChips;
export const chipNames = Object.keys(statusChips) as StatusChip[];

export interface RunsSearch {
  readonly chips: readonly StatusChip[];
  readonly template: number | null;
  readonly q: string;
  /** Only one's own. */
  readonly mine: boolean;
}

/** Reads the filters from the address; what it does not know it ignores. */
export function parseRunsSearch(search: Readonly<Record<string, unknown>>): RunsSearch {
  const named = typeof search.status === "string" ? search.status.split(",") : [];
  const template = Number(search.template);
  return {
    chips: chipNames.filter((chip) => named.includes(chip)),
    template: Number.isInteger(template) && template > 0 ? template : null,
    // A text that looks like a number arrives as one.
    q: typeof search.q === "string" || typeof search.q === "number" ? String(search.q) : "",
    mine: search.mine === true || search.mine === "true",
  };
}

/** The address for the filters; what is not set is left out. */
export function writeRunsSearch({ chips, template, q, mine }: RunsSearch): Record<string, string | number | boolean | undefined> {
  return {
    status: chips.length > 0 ? chips.join(",") : undefined,
    template: template ?? undefined,
    q: q === "" ? undefined : q,
    mine: mine || undefined,
  };
}

export function statusesOf(chips: readonly StatusChip[]): string[] {
  return chips.flatMap((chip) => [...statusChips[chip]]);
}

/** Live updates change the status of rows that were fetched for another one. */
export function matchesStatus(row: TaskRow, statuses: readonly string[]): boolean {
  return statuses.length === 0 || statuses.includes(row.status);
}
