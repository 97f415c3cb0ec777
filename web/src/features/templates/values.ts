import type { TFunction } from "i18next";
import type { SurveyVar, Template, TemplateInput, Vault } from "@/api/types";

export const surveyTypes = ["string", "int", "enum", "secret"] as const;

export type SurveyRow = {
  key: string;
  name: string;
  title: string;
  type: string;
  required: boolean;
  description: string;
  values: { key: string; name: string; value: string }[];
  default_value: string;
};

export type VaultRow = {
  key: string;
  id?: number;
  type: string;
  name: string;
  vault_key_id: number | null;
  script: string;
};

/** The parts of `task_params` that this form edits; others are kept as they are. */
export const overrides = ["inventory", "limit", "tags", "skip_tags"] as const;
export type AnsibleParams = {
  limit: string[];
  tags: string[];
  skip_tags: string[];
  allow_debug: boolean;
  allow_override_inventory: boolean;
  allow_override_limit: boolean;
  allow_override_tags: boolean;
  allow_override_skip_tags: boolean;
};

export type TemplateValues = {
  name: string;
  app: string;
  playbook: string;
  description: string;
  repository_id: number | null;
  git_branch: string;
  inventory_id: number | null;
  environment_id: number | null;
  args: string[];
  allow_override_args_in_task: boolean;
  allow_override_branch_in_task: boolean;
  allow_parallel_tasks: boolean;
  suppress_success_alerts: boolean;
  ansible: AnsibleParams;
  vaults: VaultRow[];
  survey: SurveyRow[];
};

let next = 0;
/** A key for a row that has no id yet. */
export function rowKey(): string {
  next += 1;
  return `row-${next}`;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];
}

/** The argument list of a template; `undefined` when it is written in another form. */
export function parseArguments(text: string | null | undefined): string[] | undefined {
  if (!text || text.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || value.some((v) => typeof v !== "string")) return undefined;
    return value as string[];
  } catch {
    return undefined;
  }
}

function surveyRow(v: SurveyVar): SurveyRow {
  // Clients write the types of text and number in two ways each.
  const names: Record<string, string> = { "": "string", integer: "int" };
  const type = v.type ?? "";
  return {
    key: rowKey(),
    name: v.name,
    title: v.title,
    type: names[type] ?? type,
    required: v.required ?? false,
    description: v.description ?? "",
    values: (v.values ?? []).map((x) => ({ key: rowKey(), ...x })),
    default_value: v.default_value ?? "",
  };
}

function vaultRow(v: Vault): VaultRow {
  return {
    key: rowKey(),
    id: v.id,
    type: v.type,
    name: v.name ?? "",
    vault_key_id: v.vault_key_id ?? null,
    script: v.script ?? "",
  };
}

export function templateValues(template?: Template, app = "ansible"): TemplateValues {
  const params: Record<string, unknown> = template?.task_params ?? {};
  return {
    name: template?.name ?? "",
    app: template?.app ?? app,
    playbook: template?.playbook ?? "",
    description: template?.description ?? "",
    repository_id: template?.repository_id ?? null,
    git_branch: template?.git_branch ?? "",
    inventory_id: template?.inventory_id ?? null,
    environment_id: template?.environment_id ?? null,
    args: parseArguments(template?.arguments) ?? [],
    allow_override_args_in_task: template?.allow_override_args_in_task ?? false,
    allow_override_branch_in_task: template?.allow_override_branch_in_task ?? false,
    allow_parallel_tasks: template?.allow_parallel_tasks ?? false,
    suppress_success_alerts: template?.suppress_success_alerts ?? false,
    ansible: {
      limit: texts(params.limit),
      tags: texts(params.tags),
      skip_tags: texts(params.skip_tags),
      allow_debug: params.allow_debug === true,
      allow_override_inventory: params.allow_override_inventory === true,
      allow_override_limit: params.allow_override_limit === true,
      allow_override_tags: params.allow_override_tags === true,
      allow_override_skip_tags: params.allow_override_skip_tags === true,
    },
    vaults: (template?.vaults ?? []).map(vaultRow),
    survey: (template?.survey_vars ?? []).map(surveyRow),
  };
}

export function surveyBody(rows: SurveyRow[]): SurveyVar[] {
  return rows.map((row) => ({
    name: row.name.trim(),
    title: row.title.trim(),
    type: row.type === "string" ? "" : row.type,
    required: row.required,
    ...(row.description.trim() ? { description: row.description.trim() } : {}),
    ...(row.type === "enum"
      ? { values: row.values.map(({ name, value }) => ({ name: name.trim() || value, value })) }
      : {}),
    // A default of a secret would be readable by everybody who sees the template.
    ...(row.type !== "secret" && row.default_value !== ""
      ? { default_value: row.default_value }
      : {}),
  }));
}

/** The whole object: the server replaces all of it, so what the form does not show is carried over. */
export function templateBody(
  project: number,
  values: TemplateValues,
  original?: Template,
): TemplateInput {
  const ansible = values.app === "ansible";
  const kept = original && parseArguments(original.arguments) === undefined;
  return {
    ...(original
      ? {
          id: original.id,
          type: original.type,
          start_version: original.start_version,
          build_template_id: original.build_template_id,
          autorun: original.autorun,
          view_id: original.view_id,
          runner_tag: original.runner_tag,
        }
      : {}),
    project_id: project,
    name: values.name.trim(),
    app: values.app,
    playbook: values.playbook.trim(),
    description: values.description.trim() || null,
    repository_id: values.repository_id ?? undefined,
    git_branch: values.git_branch.trim() || null,
    inventory_id: values.inventory_id,
    environment_id: values.environment_id,
    arguments: kept ? original.arguments : JSON.stringify(values.args),
    allow_override_args_in_task: values.allow_override_args_in_task,
    allow_override_branch_in_task: values.allow_override_branch_in_task,
    allow_parallel_tasks: values.allow_parallel_tasks,
    suppress_success_alerts: values.suppress_success_alerts,
    task_params: ansible
      ? { ...original?.task_params, ...values.ansible }
      : (original?.task_params ?? {}),
    vaults: ansible
      ? values.vaults.map((v) => ({
          ...(v.id === undefined ? {} : { id: v.id }),
          type: v.type,
          name: v.name.trim() || null,
          vault_key_id: v.type === "password" ? v.vault_key_id : null,
          script: v.type === "script" ? v.script.trim() : null,
        }))
      : [],
    survey_vars: surveyBody(values.survey),
  };
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

function rowIndex(path: string): number {
  return Number(path.split(".")[1]);
}

export function templateRules(t: TFunction) {
  const filled = (v: string) => (v.trim() ? null : t("errors.required"));
  return {
    name: filled,
    playbook: (v: string) => {
      if (!v.trim()) return t("errors.required");
      return v.trim().startsWith("/") || v.split("/").includes("..")
        ? t("fields.pathOutside")
        : null;
    },
    repository_id: (v: number | null) => (v === null ? t("errors.required") : null),
    inventory_id: (v: number | null, all: TemplateValues) =>
      all.app === "ansible" && v === null ? t("errors.required") : null,
    survey: {
      name: (v: string, all: TemplateValues) => {
        if (!v.trim()) return t("errors.required");
        if (!variableName.test(v.trim())) return t("survey.badName");
        const same = all.survey.filter((row) => row.name.trim() === v.trim());
        return same.length > 1 ? t("survey.repeated") : null;
      },
      title: filled,
      default_value: (v: string, all: TemplateValues, path: string) => {
        const row = all.survey[rowIndex(path)];
        if (v === "") return null;
        if (row.type === "int" && !/^-?\d+$/.test(v.trim())) return t("survey.notNumber");
        if (row.type === "enum" && !row.values.some((x) => x.value === v)) {
          return t("survey.notListed");
        }
        return null;
      },
      type: (v: string, all: TemplateValues, path: string) =>
        v === "enum" && all.survey[rowIndex(path)].values.every((x) => x.value === "")
          ? t("survey.noValues")
          : null,
    },
    vaults: {
      vault_key_id: (v: number | null, all: TemplateValues, path: string) =>
        all.app === "ansible" && all.vaults[rowIndex(path)].type === "password" && v === null
          ? t("errors.required")
          : null,
      script: (v: string, all: TemplateValues, path: string) =>
        all.app === "ansible" && all.vaults[rowIndex(path)].type === "script" && !v.trim()
          ? t("errors.required")
          : null,
      name: (v: string, all: TemplateValues) =>
        all.vaults.filter((x) => x.name.trim() === v.trim()).length > 1
          ? t("vaults.repeated")
          : null,
    },
  };
}

/** The form's name of a field that the server complains about. */
export function templateField(field: string): string {
  return field
    .replace(/\[(\d+)\]/g, ".$1")
    .replace(/^survey_vars\./, "survey.")
    .replace(/^task_params\./, "ansible.")
    .replace(/^arguments.*/, "args");
}
