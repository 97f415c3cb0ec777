export const actions = ["create", "update", "delete", "run", "stop", "decide", "login", "logout", "access"] as const;
export type Action = (typeof actions)[number];

export const outcomes = ["success", "denied", "failure"] as const;
export type Outcome = (typeof outcomes)[number];

/** Kinds of objects, in the order of the menu. */
export const objectTypes = [
  "task", "template", "inventory", "environment", "key", "repository", "host_config", "schedule", "integration",
  "view", "runner", "role", "invite", "project", "user", "token", "session", "option", "server",
] as const;
export type ObjectType = (typeof objectTypes)[number];

export interface AuditSearch {
  readonly q: string;
  readonly user: number | null;
  readonly project: number | null;
  readonly action: Action | null;
  readonly outcome: Outcome | null;
  readonly type: ObjectType | null;
  readonly object: number | null;
  /** The first and the last day, as `2026-01-31` where the user is; "" for no bound. */
  readonly since: string;
  readonly until: string;
}

export const NO_FILTER: AuditSearch = {
  q: "", user: null, project: null, action: null, outcome: null, type: null, object: null, since: "", until: "",
};

const oneOf = <T extends string>(values: readonly T[], value: unknown): T | null => values.find((v) => v === value) ?? null;

function id(value: unknown): number | null {
  const n = Number(value);
  return Number.isInteger(n) && n > 0 ? n : null;
}

/** Midnight at the beginning of a day, where the user is; null for what is no day the server takes. */
function midnight(day: string, later = 0): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)?.slice(1).map(Number);
  if (!parts) return null;
  const [year, month, date] = parts;
  const time = new Date(year, month - 1, date);
  if (year <= 1970 || year >= 2999 || time.getMonth() !== month - 1 || time.getDate() !== date) return null;
  return new Date(year, month - 1, date + later);
}

export const isDay = (day: string): boolean => midnight(day) !== null;

/** Reads the filters from the address; what it does not know it ignores. */
export function parseAuditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  const day = (value: unknown) => (typeof value === "string" && isDay(value) ? value : "");
  return {
    // A text that looks like a number arrives as one.
    q: typeof search.q === "string" || typeof search.q === "number" ? String(search.q) : "",
    user: id(search.user),
    project: id(search.project),
    action: oneOf(actions, search.action),
    outcome: oneOf(outcomes, search.outcome),
    type: oneOf(objectTypes, search.type),
    object: id(search.object),
    since: day(search.since),
    until: day(search.until),
  };
}

/** The address for the filters; what is not set is left out. */
export function writeAuditSearch(search: AuditSearch): Record<string, string | number | undefined> {
  return Object.fromEntries(Object.entries(search).map(([name, value]) => [name, value === null || value === "" ? undefined : value]));
}

/** How many of the filters are set. */
export const countFilters = (search: AuditSearch): number =>
  Object.values(writeAuditSearch(search)).filter((value) => value !== undefined).length;

export const isFiltered = (search: AuditSearch): boolean => countFilters(search) > 0;

export type AuditQuery = {
  user_id?: number; project_id?: number; object_type?: string; object_id?: number;
  action?: string; outcome?: string; since?: string; until?: string; search?: string;
};

/** What the server is asked; days become times, with the last day still inside. */
export function auditQuery(search: AuditSearch): AuditQuery {
  const query = {
    user_id: search.user ?? undefined,
    project_id: search.project ?? undefined,
    object_type: search.type ?? undefined,
    object_id: search.object ?? undefined,
    action: search.action ?? undefined,
    outcome: search.outcome ?? undefined,
    since: midnight(search.since)?.toISOString(),
    until: midnight(search.until, 1)?.toISOString(),
    search: search.q.trim() || undefined,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}
