import { queryOptions } from "@tanstack/react-query";
import { api, data, done, ifMatch, list } from "@/api/client";
import { templateKeys } from "@/api/queries";
import type { TemplatePermission } from "@/api/types";

/** The bits that mean something on a single template. */
export const templateRights = ["run", "manageResources"] as const;

const path = (project: number, template: number) => ({ project_id: project, template_id: template });

export const permissionsKey = (project: number, template: number) =>
  [...templateKeys.one(project, template), "permissions"] as const;

export const permissionsQuery = (project: number, template: number) =>
  queryOptions({
    queryKey: permissionsKey(project, template),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/templates/{template_id}/perms", {
          params: { path: path(project, template) },
          signal,
        }),
      ),
  });

/** A row to be changed, with the version that a change is made of. */
export const permissionQuery = (project: number, template: number, id: number) =>
  queryOptions({
    queryKey: [...permissionsKey(project, template), id] as const,
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/templates/{template_id}/perms/{permission_id}", {
          params: { path: { ...path(project, template), permission_id: id } },
          signal,
        }),
      ),
    gcTime: 0,
    staleTime: Infinity,
  });

export async function addPermission(project: number, template: number, role: string, mask: number): Promise<void> {
  await done(
    api.POST("/api/project/{project_id}/templates/{template_id}/perms", {
      params: { path: path(project, template) },
      body: { role_slug: role, permissions: mask },
    }),
  );
}

export async function setPermission(project: number, original: TemplatePermission, mask: number): Promise<void> {
  await done(
    api.PUT("/api/project/{project_id}/templates/{template_id}/perms/{permission_id}", {
      params: { path: { ...path(project, original.template_id), permission_id: original.id } },
      headers: ifMatch(original),
      body: { permissions: mask },
    }),
  );
}

export async function removePermission(project: number, row: TemplatePermission): Promise<void> {
  await done(
    api.DELETE("/api/project/{project_id}/templates/{template_id}/perms/{permission_id}", {
      params: { path: { ...path(project, row.template_id), permission_id: row.id } },
    }),
  );
}
