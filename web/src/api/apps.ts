import type { App } from "./types";

export type Family = App["family"];

const builtin: Record<string, Family> = {
  ansible: "ansible",
  terraform: "terraform",
  tofu: "terraform",
  terragrunt: "terraform",
};

/** How an app is run; undefined while nothing is known of it. */
export function familyOf(apps: readonly App[] | undefined, id: string | undefined): Family | undefined {
  if (id === undefined) return undefined;
  return apps?.find((app) => app.id === id)?.family ?? builtin[id] ?? (apps === undefined ? undefined : "script");
}

/** The steps of the Terraform family that take arguments of their own; "default" is for plan and apply. */
export const stageNames = ["default", "init", "plan", "apply"] as const;
export type StageName = (typeof stageNames)[number];

/** Whether templates of an app may use an inventory: hosts for Ansible, workspaces for the Terraform family. */
export function takesInventory(family: Family | undefined, app: string, type: string): boolean {
  const workspace = type.endsWith("-workspace");
  if (family === "ansible") return !workspace;
  if (family !== "terraform") return true;
  return type === `${app}-workspace` || (workspace && !(app in builtin));
}
