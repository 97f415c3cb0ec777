import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, list } from "@/api/client";
import { permission, type Permission } from "@/api/permissions";
import { projectKeys } from "@/api/queries";
import { toastError } from "@/ui/toast";

export const builtinRoles = ["owner", "manager", "task_runner", "guest"] as const;
export const permissions = Object.keys(permission) as Permission[];

const key = (p: number, part: string) => [...projectKeys.one(p), "team", part] as const;

export const membersQuery = (p: number) =>
  queryOptions({
    queryKey: key(p, "members"),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/users", { params: { path: { project_id: p } }, signal })),
  });

export const rolesQuery = (p: number) =>
  queryOptions({
    queryKey: key(p, "roles"),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/roles/all", { params: { path: { project_id: p } }, signal }),
      ),
  });

export const invitesQuery = (p: number) =>
  queryOptions({
    queryKey: key(p, "invites"),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/invites", { params: { path: { project_id: p } }, signal })),
  });

export const usersQuery = () =>
  queryOptions({
    queryKey: ["users"] as const,
    queryFn: ({ signal }) => list(api.GET("/api/users", { signal })),
  });

/** A change of the team: afterwards everything that shows it is read again. */
export function useTeamChange<V, R>(project: number, change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onError: toastError,
    onSettled: () => client.invalidateQueries({ queryKey: projectKeys.one(project) }),
  });
}
