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
  };
}

/** The address for the filters; what is not set is left out. */
export function writeRunsSearch({ chips, template, q }: RunsSearch): Record<string, string | number | undefined> {
  return {
    status: chips.length > 0 ? chips.join(",") : undefined,
    template: template ?? undefined,
    q: q === "" ? undefined : q,
  };
}

export function statusesOf(chips: readonly StatusChip[]): string[] {
  return chips.flatMap((chip) => [...statusChips[chip]]);
}

/** Every word of the text occurs in what a row shows; `#12` finds run 12. */
export function matchesText(row: TaskRow, q: string): boolean {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const parts = [`#${String(row.id)}`, row.tpl_alias, row.message, row.commit_message, row.commit_hash, row.user_name, row.version];
  const text = parts.filter(Boolean).join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Live updates change the status of rows that were fetched for another one. */
export function matchesStatus(row: TaskRow, statuses: readonly string[]): boolean {
  return statuses.length === 0 || statuses.includes(row.status);
}
