import { useQuery } from "@tanstack/react-query";
import { roleQuery, userQuery } from "./queries";

/** The bits of the mask that the server sends with a role. */
export const permission = { run: 1, updateProject: 2, manageResources: 4, manageUsers: 8 } as const;
export type Permission = keyof typeof permission;

/** Whether a mask holds a permission; administrators hold all. The server stays the authority. */
export function allows(mask: number | undefined, admin: boolean, wanted: Permission): boolean {
  return admin || ((mask ?? 0) & permission[wanted]) !== 0;
}

/**
 * `can("run")` for a project. `templateMask` is the `permissions` of a template, which may add to
 * the member's own. Nothing is allowed until the server has answered.
 */
export function usePermissions(project: number, templateMask?: number | null) {
  const role = useQuery({ ...roleQuery(project), enabled: Number.isFinite(project) });
  const user = useQuery(userQuery());
  const mask = (role.data?.permissions ?? 0) | (templateMask ?? 0);
  const admin = user.data?.admin === true;
  return {
    ready: role.data !== undefined,
    can: (wanted: Permission) => allows(mask, admin, wanted),
  };
}
