import type { TFunction } from "i18next";
import type { Inventory, InventoryInput, Template } from "@/api/types";

export type WorkspaceValues = {
  /** A new workspace, or one of the project that belongs to no template. */
  mode: "new" | "attach";
  existing: number | null;
  name: string;
  /** What the program calls it; the name when it is empty. */
  workspace: string;
  ssh_key_id: number | null;
};

export function workspaceValues(item?: Inventory): WorkspaceValues {
  const own = item?.inventory.trim() ?? "";
  return {
    mode: "new",
    existing: null,
    name: item?.name ?? "",
    workspace: own === item?.name ? "" : own,
    ssh_key_id: item?.ssh_key_id ?? null,
  };
}

export function workspaceBody(project: number, template: Template, values: WorkspaceValues, item?: Inventory): InventoryInput {
  return {
    ...(item ? { id: item.id, become_key_id: item.become_key_id, repository_id: item.repository_id } : {}),
    ...(item?.runner_tag ? { runner_tag: item.runner_tag } : {}),
    project_id: project,
    template_id: template.id,
    type: item?.type ?? (`${template.app ?? ""}-workspace` as InventoryInput["type"]),
    name: values.name.trim(),
    inventory: values.workspace.trim() || values.name.trim(),
    ssh_key_id: values.ssh_key_id,
  };
}

/** What the programs take for the name of a workspace. */
const workspaceName = /^[^\s/\\'"]+$/;

export function workspaceRules(t: TFunction) {
  return {
    existing: (v: number | null, all: WorkspaceValues) =>
      all.mode === "attach" && v === null ? t("errors.required") : null,
    name: (v: string, all: WorkspaceValues) => {
      if (all.mode === "attach") return null;
      if (!v.trim()) return t("errors.required");
      return all.workspace.trim() || workspaceName.test(v.trim()) ? null : t("workspaces.badName");
    },
    workspace: (v: string, all: WorkspaceValues) =>
      all.mode === "attach" || !v.trim() || workspaceName.test(v.trim()) ? null : t("workspaces.badWorkspace"),
  };
}
