import type { AuditRecord, ProjectEvent } from "@/api/types";

/** A field that changed; "" stands for nothing. */
export type Change = { field: string } & ({ secret: true } | { secret: false; before: string; after: string });

/** A line of the activity, whichever list it came from. */
export interface Activity {
  readonly id: number;
  readonly created: string;
  readonly action: string;
  readonly outcome: string;
  readonly description: string;
  readonly project: { id: number; name: string } | null;
  readonly user: { id: number | null; name: string } | null;
  readonly integration: number | null;
  readonly token: string;
  readonly type: string;
  readonly object: number | null;
  /** The name of the object: as it is now or, when it is gone, as it was. */
  readonly name: string;
  readonly exists: boolean;
  readonly address: string;
  readonly agent: string;
  readonly changes: readonly Change[];
}

/** Both shapes of the server: members see less than those who manage them. */
export function activityOf(e: AuditRecord | ProjectEvent): Activity {
  const name = e.username ?? "";
  return {
    id: e.id,
    created: e.created,
    action: e.action ?? "",
    outcome: e.outcome ?? "",
    description: e.description ?? "",
    project: e.project_id === null ? null : { id: e.project_id, name: e.project_name ?? "" },
    user: e.user_id === null && name === "" ? null : { id: e.user_id, name },
    integration: e.integration_id,
    token: "token" in e ? e.token : "",
    type: e.object_type ?? "",
    object: e.object_id,
    name: e.object_name || e.target || "",
    exists: e.object_name !== "",
    address: e.address ?? "",
    agent: e.user_agent ?? "",
    changes: changesOf(e.changes),
  };
}

/** Reads `{"Name":{"old":"a","new":"b"},"Secret":{"secret":true}}`. */
export function changesOf(changes: unknown): Change[] {
  if (typeof changes !== "object" || changes === null) return [];
  return Object.entries(changes).flatMap(([key, value]: [string, unknown]): Change[] => {
    if (typeof value !== "object" || value === null) return [];
    const field = fieldName(key);
    if ("secret" in value) return [{ field, secret: true }];
    const { old, new: now } = value as { old?: unknown; new?: unknown };
    return [{ field, secret: false, before: valueText(old), after: valueText(now) }];
  });
}

/** "MaxParallelTasks" as "Max parallel tasks", "SSHKeyID" as "SSH key ID". */
export function fieldName(key: string): string {
  const words = key.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [key];
  const text = words.map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase())).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Texts that are told apart line by line rather than side by side. */
export function isLong(change: { before: string; after: string }): boolean {
  return /\n/.test(change.before + change.after) || change.before.length + change.after.length > 160;
}
