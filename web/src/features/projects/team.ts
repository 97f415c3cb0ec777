import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, list } from "@/api/client";
import { projectKeys } from "@/api/queries";
import { toastError } from "@/ui/toast";

export const builtinRoles = ["owner", "manager", "task_runner", "guest"] as const;

export const invitesQuery = (p: number) =>
  queryOptions({
    queryKey: projectKeys.team(p, "invites"),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/invites", { params: { path: { project_id: p } }, signal })),
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
