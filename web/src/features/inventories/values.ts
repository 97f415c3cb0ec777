import type { TFunction } from "i18next";
import type { Inventory, InventoryInput } from "@/api/types";

export const inventoryTypes = ["static", "static-yaml", "file"] as const;
export type InventoryType = (typeof inventoryTypes)[number];

/** A workspace of the Terraform family; those of a template are on its page. */
export function isWorkspace(type: string | undefined): boolean {
  return type?.endsWith("-workspace") === true;
}

export type InventoryValues = {
  name: string;
  type: string;
  ssh_key_id: number | null;
  become_key_id: number | null;
  repository_id: number | null;
  /** The text of a static inventory; kept while another type is looked at. */
  text: string;
  path: string;
};

const examples: Record<string, string> = {
  static: "[web]\nweb1.example.com\nweb2.example.com ansible_user=deploy\n",
  "static-yaml": "all:\n  children:\n    web:\n      hosts:\n        web1.example.com:\n",
};

export function inventoryExample(type: string): string {
  return examples[type] ?? "";
}

export function inventoryValues(inventory?: Inventory): InventoryValues {
  const isFile = inventory?.type === "file";
  return {
    name: inventory?.name ?? "",
    type: inventory?.type ?? "static",
    ssh_key_id: inventory?.ssh_key_id ?? null,
    become_key_id: inventory?.become_key_id ?? null,
    repository_id: inventory?.repository_id ?? null,
    text: inventory && !isFile ? inventory.inventory : "",
    path: inventory && isFile ? inventory.inventory : "",
  };
}

export function inventoryBody(
  project: number,
  values: InventoryValues,
  original?: Inventory,
): InventoryInput {
  const isFile = values.type === "file";
  return {
    ...(original ? { id: original.id, template_id: original.template_id } : {}),
    ...(original?.runner_tag ? { runner_tag: original.runner_tag } : {}),
    project_id: project,
    name: values.name.trim(),
    type: values.type as InventoryInput["type"],
    ssh_key_id: values.ssh_key_id,
    become_key_id: values.become_key_id,
    repository_id: isFile ? values.repository_id : null,
    inventory: isFile ? values.path.trim() : values.text,
  };
}

export function inventoryRules(t: TFunction) {
  return {
    name: (v: string) => (v.trim() ? null : t("errors.required")),
    ssh_key_id: (v: number | null, all: InventoryValues) =>
      v === null && !isWorkspace(all.type) ? t("errors.required") : null,
    text: (v: string, all: InventoryValues) => (isWorkspace(all.type) && !v.trim() ? t("errors.required") : null),
    path: (v: string, all: InventoryValues) => {
      if (all.type !== "file") return null;
      if (!v.trim()) return t("errors.required");
      return v.trim().startsWith("/") || v.split("/").includes("..")
        ? t("inventories.pathOutside")
        : null;
    },
  };
}

/** Hosts named in a static inventory; an estimate for the list, not a parser. */
export function countHosts(inventory: Pick<Inventory, "type" | "inventory">): number | undefined {
  if (inventory.type !== "static") return undefined;
  const hosts = new Set<string>();
  let inHosts = true;
  for (const raw of inventory.inventory.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    if (line.startsWith("[")) {
      inHosts = !line.includes(":");
      continue;
    }
    if (inHosts) hosts.add(line.split(/\s+/)[0]);
  }
  return hosts.size;
}
