/** What the page shows of a document before it is restored. */
export type Chosen = {
  document: Record<string, unknown>;
  name: string;
  /** Counts of the lists that people look for, in the order of the navigation. */
  parts: { key: Part; count: number }[];
  /** It holds secrets, encrypted by a passphrase. */
  secrets: boolean;
};

export const parts = [
  "templates",
  "inventories",
  "environments",
  "keys",
  "repositories",
  "schedules",
  "integrations",
] as const;
export type Part = (typeof parts)[number];

const isObject = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && !Array.isArray(v);

type Exact = { rawJSON?: (source: string) => unknown };

/** Keeps numbers that JavaScript cannot hold as they are written, where the browser is able to. */
function exact(_: string, value: unknown, context?: { source?: string }): unknown {
  const raw = (JSON as Exact).rawJSON;
  const source = context?.source;
  return typeof value === "number" && raw && source && String(value) !== source ? raw(source) : value;
}

/** Reads a file; undefined when it is no backup of a project. */
export function readBackup(text: string): Chosen | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text, exact as (key: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
  if (!isObject(document) || !isObject(document.meta)) return undefined;
  const { name } = document.meta;
  return {
    document,
    name: typeof name === "string" ? name : "",
    parts: parts.map((key) => {
      const rows = document[key];
      return { key, count: Array.isArray(rows) ? rows.length : 0 };
    }),
    secrets: document.secrets !== undefined && document.secrets !== null,
  };
}

/** What is sent: the document under the chosen name, with the passphrase when there is one. */
export function restoreBody(chosen: Chosen, name: string, passphrase: string): Record<string, unknown> {
  return {
    ...chosen.document,
    meta: { ...(chosen.document.meta as object), name: name.trim() },
    ...(passphrase ? { passphrase } : {}),
  };
}

/** A name for the downloaded file that every file system takes. */
export function backupFile(name: string, now: Date): string {
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  return `${safe || "project"}-${now.toISOString().slice(0, 10)}.json`;
}
