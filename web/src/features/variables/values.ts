import type { TFunction } from "i18next";
import type { Environment, EnvironmentInput } from "@/api/types";

export type Variable = { key: string; name: string; value: string };
export type SecretRow = {
  key: string;
  /** Set for a secret that the server holds. */
  id?: number;
  type: "var" | "env";
  name: string;
  /** What was typed; the stored value never comes back. */
  value: string;
  remove: boolean;
  replace: boolean;
};
export type GroupValues = {
  name: string;
  json: string;
  env: Variable[];
  secrets: SecretRow[];
};

let next = 0;
/** A key for a row that has no id yet. */
export function rowKey(): string {
  next += 1;
  return `row-${next}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function groupValues(group?: Environment): GroupValues {
  const json = parseObject(group?.json ?? "");
  const env = parseObject(group?.env ?? "") ?? {};
  return {
    name: group?.name ?? "",
    json: json ? JSON.stringify(json, null, 2) : (group?.json ?? ""),
    env: Object.entries(env).map(([name, value]) => ({ key: rowKey(), name, value: written(value) })),
    secrets: (group?.secrets ?? []).map((secret) => ({
      key: rowKey(),
      id: secret.id,
      type: secret.type === "env" ? "env" : "var",
      name: secret.name,
      value: "",
      remove: false,
      replace: false,
    })),
  };
}

/** Rows as an object; a value that was not touched keeps the type it had. */
function envObject(rows: Variable[], original?: string | null): Record<string, unknown> {
  const before = parseObject(original ?? "") ?? {};
  return Object.fromEntries(
    rows
      .filter((row) => row.name.trim() !== "")
      .map((row) => {
        const name = row.name.trim();
        const old = before[name];
        return [name, old !== undefined && written(old) === row.value ? old : row.value];
      }),
  );
}

type SecretInput = NonNullable<EnvironmentInput["secrets"]>[number];

/** Only what changes: secrets that are not named stay as they are. */
export function secretOperations(rows: SecretRow[], original: Environment["secrets"]): SecretInput[] {
  const before = new Map((original ?? []).map((s) => [s.id, s]));
  return rows.flatMap((row): SecretInput[] => {
    const { type } = row;
    const name = row.name.trim();
    if (row.id === undefined) {
      if (row.remove || name === "") return [];
      return [{ type, name, secret: row.value, operation: "create" }];
    }
    if (row.remove) return [{ id: row.id, type, name, operation: "delete" }];
    const renamed = before.get(row.id)?.name !== name;
    if (!row.replace && !renamed) return [];
    // An empty secret keeps the stored value.
    const secret = row.replace ? row.value : "";
    return [{ id: row.id, type, name, secret, operation: "update" }];
  });
}

export function groupBody(
  project: number,
  values: GroupValues,
  original?: Environment,
): EnvironmentInput {
  const json = parseObject(values.json);
  return {
    ...(original ? { id: original.id, password: original.password } : {}),
    project_id: project,
    name: values.name.trim(),
    json: json ? JSON.stringify(json) : values.json,
    env: JSON.stringify(envObject(values.env, original?.env)),
    secrets: secretOperations(values.secrets, original?.secrets),
  };
}

const envName = /^[A-Za-z_][A-Za-z0-9_]*$/;

function repeated(rows: { name: string }[], name: string): boolean {
  return rows.filter((row) => row.name.trim() === name.trim()).length > 1;
}

export function groupRules(t: TFunction) {
  return {
    name: (v: string) => (v.trim() ? null : t("errors.required")),
    json: (v: string) => (parseObject(v) ? null : t("variables.badJson")),
    env: {
      name: (v: string, all: GroupValues) => {
        if (!v.trim()) return t("errors.required");
        if (!envName.test(v.trim())) return t("variables.badEnvName");
        return repeated(all.env, v) ? t("variables.repeated") : null;
      },
    },
    secrets: {
      name: (v: string, all: GroupValues, path: string) => {
        const row = all.secrets[Number(path.split(".")[1])];
        if (row.remove) return null;
        if (!v.trim()) return t("errors.required");
        if (row.type === "env" && !envName.test(v.trim())) return t("variables.badEnvName");
        const same = all.secrets.filter((s) => !s.remove && s.type === row.type);
        return repeated(same, v) ? t("variables.repeated") : null;
      },
      value: (v: string, all: GroupValues, path: string) => {
        const row = all.secrets[Number(path.split(".")[1])];
        const wanted = !row.remove && (row.id === undefined || row.replace);
        return wanted && v === "" ? t("errors.required") : null;
      },
    },
  };
}

/** The form's name of a field that the server complains about: `env.PATH`, `secrets[1].name`. */
export function groupField(field: string): string {
  if (field === "json" || field.startsWith("json.")) return "json";
  return field.replace(/\[(\d+)\]/g, ".$1").replace(/\.secret$/, ".value");
}
