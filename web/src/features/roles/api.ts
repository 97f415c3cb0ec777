import { queryOptions } from "@tanstack/react-query";
import { api, data, done, ifMatch, list } from "@/api/client";
import { projectKeys } from "@/api/queries";
import type { CustomRole } from "@/api/types";
import { roleBody, type RoleValues } from "./values";

// Left out, a project stands for the roles of all projects.

export const rolesKey = (project?: number) =>
  project === undefined ? (["roles"] as const) : projectKeys.team(project, "roles");

export const rolesOfQuery = (project?: number) =>
  queryOptions({
    queryKey: rolesKey(project) as readonly unknown[],
    queryFn: ({ signal }) =>
      list(
        project === undefined
          ? api.GET("/api/roles", { signal })
          : api.GET("/api/project/{project_id}/roles/all", { params: { path: { project_id: project } }, signal }),
      ),
  });

/** A role to be changed, with the version that a change is made of. */
export const roleQuery = (project: number | undefined, slug: string) =>
  queryOptions({
    queryKey: [...rolesKey(project), "one", slug] as const,
    queryFn: ({ signal }) =>
      data(
        project === undefined
          ? api.GET("/api/roles/{slug}", { params: { path: { slug } }, signal })
          : api.GET("/api/project/{project_id}/roles/{slug}", { params: { path: { project_id: project, slug } }, signal }),
      ),
    gcTime: 0,
    staleTime: Infinity,
  });

export async function saveRole(project: number | undefined, values: RoleValues, original?: CustomRole): Promise<void> {
  const body = roleBody(values);
  if (!original) {
    await done(
      project === undefined
        ? api.POST("/api/roles", { body })
        : api.POST("/api/project/{project_id}/roles", { params: { path: { project_id: project } }, body }),
    );
    return;
  }
  const headers = ifMatch(original);
  const { slug } = original;
  await done(
    project === undefined
      ? api.PUT("/api/roles/{slug}", { params: { path: { slug } }, headers, body })
      : api.PUT("/api/project/{project_id}/roles/{slug}", { params: { path: { project_id: project, slug } }, headers, body }),
  );
}

export async function deleteRole(project: number | undefined, slug: string): Promise<void> {
  await done(
    project === undefined
      ? api.DELETE("/api/roles/{slug}", { params: { path: { slug } } })
      : api.DELETE("/api/project/{project_id}/roles/{slug}", { params: { path: { project_id: project, slug } } }),
  );
}
