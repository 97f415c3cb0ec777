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
