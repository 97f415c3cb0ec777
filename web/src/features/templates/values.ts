import type { TFunction } from "i18next";
import { type Family, familyOf, stageNames, type StageName } from "@/api/apps";
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
  skip_galaxy_install: boolean;
  allow_override_skip_galaxy_install: boolean;
  galaxy_collection_args: string[];
  galaxy_role_args: string[];
};

/** What templates of the Terraform family say beside what all say. */
export type TerraformParams = {
  allow_destroy: boolean;
  allow_auto_approve: boolean;
  allow_override_inventory: boolean;
  auto_approve: boolean;
  override_backend: boolean;
  backend_filename: string;
};

export const templateTypes = ["task", "build", "deploy"] as const;

export type TemplateValues = {
  name: string;
  app: string;
  /** How the app is run: decides which fields there are. */
  family: Family;
  type: string;
  start_version: string;
  build_template_id: number | null;
  autorun: boolean;
  /** In minutes; 0 or "" for the server's own limit. */
  max_minutes: number | string;
  terraform: TerraformParams;
  /** Arguments of the Terraform family, by stage. */
  stages: Record<StageName, string[]>;
  playbook: string;
  description: string;
  repository_id: number | null;
  git_branch: string;
  inventory_id: number | null;
  environment_id: number | null;
  args: string[];
  allow_override_args_in_task: boolean;
  allow_override_branch_in_task: boolean;
  allow_override_environment_in_task: boolean;
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

/** Arguments by stage; `undefined` when they are written in another form. A plain list is for "default". */
export function parseStages(text: string | null | undefined): Record<StageName, string[]> | undefined {
  const stages: Record<StageName, string[]> = { default: [], init: [], plan: [], apply: [] };
  const plain = parseArguments(text);
  if (plain !== undefined) return { ...stages, default: plain };
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    for (const [name, list] of Object.entries(value)) {
      const args = Array.isArray(list) ? parseArguments(JSON.stringify(list)) : undefined;
      const stage = stageNames.find((known) => known === name);
      if (stage === undefined || args === undefined) return undefined;
      stages[stage] = args;
    }
    return stages;
  } catch {
    return undefined;
  }
}

/** What is sent: a plain list where that says it all. */
export function stagesText(stages: Record<StageName, string[]>): string {
  const given = stageNames.filter((name) => stages[name].length > 0);
  if (given.every((name) => name === "default")) return JSON.stringify(stages.default);
  return JSON.stringify(Object.fromEntries(given.map((name) => [name, stages[name]])));
}

/** Whether the arguments are written in a form that the form cannot edit. */
export function foreignArguments(template: Template | undefined, family: Family): boolean {
  if (template === undefined) return false;
  const read = family === "terraform" ? parseStages(template.arguments) : parseArguments(template.arguments);
  return read === undefined;
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

export function templateValues(template?: Template, app = "ansible", family?: Family): TemplateValues {
  const params: Record<string, unknown> = template?.task_params ?? {};
  const id = template?.app ?? app;
  return {
    name: template?.name ?? "",
    app: id,
    family: family ?? familyOf(undefined, id) ?? "script",
    type: template?.type || "task",
    start_version: template?.start_version ?? "",
    build_template_id: template?.build_template_id ?? null,
    autorun: template?.autorun ?? false,
    max_minutes: (template?.max_task_duration_sec ?? 0) / 60 || "",
    terraform: {
      allow_destroy: params.allow_destroy === true,
      allow_auto_approve: params.allow_auto_approve === true,
      allow_override_inventory: params.allow_override_inventory === true,
      auto_approve: params.auto_approve === true,
      override_backend: params.override_backend === true,
      backend_filename: typeof params.backend_filename === "string" ? params.backend_filename : "",
    },
    stages: parseStages(template?.arguments) ?? { default: [], init: [], plan: [], apply: [] },
    playbook: template?.playbook ?? "",
    description: template?.description ?? "",
    repository_id: template?.repository_id ?? null,
    git_branch: template?.git_branch ?? "",
    inventory_id: template?.inventory_id ?? null,
    environment_id: template?.environment_id ?? null,
    args: parseArguments(template?.arguments) ?? [],
    allow_override_args_in_task: template?.allow_override_args_in_task ?? false,
    allow_override_branch_in_task: template?.allow_override_branch_in_task ?? false,
    allow_override_environment_in_task: template?.allow_override_environment_in_task ?? false,
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
      skip_galaxy_install: params.skip_galaxy_install === true,
      allow_override_skip_galaxy_install: params.allow_override_skip_galaxy_install === true,
      galaxy_collection_args: texts(params.galaxy_collection_args),
      galaxy_role_args: texts(params.galaxy_role_args),
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
  const ansible = values.family === "ansible";
  const terraform = values.family === "terraform";
  const kept = foreignArguments(original, values.family);
  const { type } = values;
  return {
    ...(original ? { id: original.id, view_id: original.view_id, runner_tag: original.runner_tag } : {}),
    type: type === "task" ? "" : type,
    start_version: type === "build" ? values.start_version.trim() : null,
    build_template_id: type === "deploy" ? values.build_template_id : null,
    autorun: type === "deploy" && values.autorun,
    max_task_duration_sec: Math.round((Number(values.max_minutes) || 0) * 60),
    project_id: project,
    name: values.name.trim(),
    app: values.app,
    playbook: values.playbook.trim(),
    description: values.description.trim() || null,
    repository_id: values.repository_id ?? undefined,
    git_branch: values.git_branch.trim() || null,
    inventory_id: values.inventory_id,
    environment_id: values.environment_id,
    arguments: kept
      ? original?.arguments
      : terraform
        ? stagesText(values.stages)
        : JSON.stringify(values.args),
    allow_override_args_in_task: values.allow_override_args_in_task,
    allow_override_branch_in_task: values.allow_override_branch_in_task,
    allow_override_environment_in_task: values.allow_override_environment_in_task,
    allow_parallel_tasks: values.allow_parallel_tasks,
    suppress_success_alerts: values.suppress_success_alerts,
    task_params: {
      ...original?.task_params,
      ...(ansible ? values.ansible : {}),
      ...(terraform
        ? { ...values.terraform, backend_filename: values.terraform.backend_filename.trim() }
        : {}),
    },
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
    playbook: (v: string, all: TemplateValues) => {
      // The Terraform family then works in the top of the repository.
      if (!v.trim()) return all.family === "terraform" ? null : t("errors.required");
      return v.trim().startsWith("/") || v.split("/").includes("..")
        ? t("fields.pathOutside")
        : null;
    },
    repository_id: (v: number | null) => (v === null ? t("errors.required") : null),
    inventory_id: (v: number | null, all: TemplateValues) =>
      all.family === "ansible" && v === null ? t("errors.required") : null,
    start_version: (v: string, all: TemplateValues) => {
      if (all.type !== "build") return null;
      if (!v.trim()) return t("errors.required");
      return /\d/.test(v) ? null : t("build.noNumber");
    },
    build_template_id: (v: number | null, all: TemplateValues) =>
      all.type === "deploy" && v === null ? t("errors.required") : null,
    max_minutes: (v: number | string) => (Number(v) >= 0 ? null : t("fields.maxDurationBad")),
    terraform: {
      backend_filename: (v: string, all: TemplateValues) => {
        const name = v.trim();
        if (all.family !== "terraform" || !all.terraform.override_backend || name === "") return null;
        return /^[^./\\#-][^/\\]*\.tf$/.test(name) ? null : t("terraform.backendBad");
      },
    },
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
        all.family === "ansible" && all.vaults[rowIndex(path)].type === "password" && v === null
          ? t("errors.required")
          : null,
      script: (v: string, all: TemplateValues, path: string) =>
        all.family === "ansible" && all.vaults[rowIndex(path)].type === "script" && !v.trim()
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
export function templateField(field: string, family: Family = "ansible"): string {
  const terraform = family === "terraform";
  return field
    .replace(/\[(\d+)\]/g, ".$1")
    .replace(/^survey_vars\./, "survey.")
    .replace(/^task_params\./, terraform ? "terraform." : "ansible.")
    .replace(/^max_task_duration_sec$/, "max_minutes")
    .replace(/^arguments\.?(.*)/, (_, stage: string) => (terraform ? `stages.${stage || "default"}` : "args"));
}
