import type { TFunction } from "i18next";
import { permission } from "@/api/permissions";
import type { CustomRole, RoleInput } from "@/api/types";

/** A row of the list: roles that are built in have no scope. */
export interface RoleRow {
  readonly slug: string;
  readonly name: string;
  readonly permissions: number;
  readonly scope: "builtin" | "everywhere" | "project";
}

const all = Object.values(permission).reduce((mask, bit) => mask | bit, 0);

/** The roles that every project has, with what they allow. */
export const builtinRoles = {
  owner: all,
  manager: permission.run | permission.manageResources,
  task_runner: permission.run,
  guest: 0,
} as const;

export function rowOf(role: CustomRole): RoleRow {
  return { slug: role.slug, name: role.name, permissions: role.permissions, scope: role.project_id === null ? "everywhere" : "project" };
}

export interface RoleValues {
  name: string;
  slug: string;
  permissions: number;
}

export function roleValues(role?: CustomRole): RoleValues {
  return { name: role?.name ?? "", slug: role?.slug ?? "", permissions: role?.permissions ?? permission.run };
}

export function roleBody(values: RoleValues): RoleInput {
  return { name: values.name.trim(), slug: values.slug, permissions: values.permissions };
}

const longest = 100;
const slugForm = /^[a-z0-9_-]+$/;

export function roleRules(t: TFunction) {
  return {
    name: (v: string) => (v.trim() ? null : t("errors.required")),
    slug: (v: string) => {
      if (!v) return t("errors.required");
      if (!slugForm.test(v)) return t("slugWrong");
      return Object.hasOwn(builtinRoles, v) || v === "all" ? t("slugTaken") : null;
    },
  };
}

/** A short name made of a name: "Night shift" gives "night-shift"; "" when there is nothing to make it of. */
export function slugOf(name: string): string {
  return name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .slice(0, longest)
    .replace(/^-+|-+$/g, "");
}
