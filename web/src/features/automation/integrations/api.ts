import { queryOptions } from "@tanstack/react-query";
import { api, data, done, ifMatch, list } from "@/api/client";
import { integrationKeys } from "@/api/queries";
import type { Integration, IntegrationInput, IntegrationValue, IntegrationValueInput, Matcher, MatcherInput } from "@/api/types";

export const integrationsQuery = (p: number) =>
  queryOptions({
    queryKey: integrationKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/integrations", { params: { path: { project_id: p } }, signal })),
  });

const onePath = (p: number, id: number) => ({ project_id: p, integration_id: id });

export const integrationQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: integrationKeys.one(p, id),
    // Forms send back the version of the object that they were filled from.
    structuralSharing: false,
    queryFn: ({ signal }) =>
      data(api.GET("/api/project/{project_id}/integrations/{integration_id}", { params: { path: onePath(p, id) }, signal })),
  });

/** Creates or replaces an integration; answers its id. */
export async function saveIntegration(project: number, body: IntegrationInput, original?: Integration): Promise<number> {
  if (original === undefined) {
    const created = await data(
      api.POST("/api/project/{project_id}/integrations", { params: { path: { project_id: project } }, body }),
    );
    return created.id;
  }
  await done(
    api.PUT("/api/project/{project_id}/integrations/{integration_id}", {
      params: { path: onePath(project, original.id) },
      headers: ifMatch(original),
      body,
    }),
  );
  return original.id;
}

export function deleteIntegration(project: number, id: number): Promise<void> {
  return done(
    api.DELETE("/api/project/{project_id}/integrations/{integration_id}", { params: { path: onePath(project, id) } }),
  );
}

export const matchersQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: integrationKeys.parts(p, id, "matchers"),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/integrations/{integration_id}/matchers", {
          params: { path: onePath(p, id) },
          signal,
        }),
      ),
  });

const matcherPath = "/api/project/{project_id}/integrations/{integration_id}/matchers/{matcher_id}";

export async function saveMatcher(project: number, integration: number, body: MatcherInput, original?: Matcher): Promise<void> {
  const path = onePath(project, integration);
  if (original === undefined) {
    await done(api.POST("/api/project/{project_id}/integrations/{integration_id}/matchers", { params: { path }, body }));
    return;
  }
  const one = { ...path, matcher_id: original.id };
  // Lists name no versions: what the form was filled from is compared with what is stored now.
  const stored = await data(api.GET(matcherPath, { params: { path: one } }));
  await done(api.PUT(matcherPath, { params: { path: one }, headers: unchanged(original, stored), body }));
}

export function deleteMatcher(project: number, integration: number, id: number): Promise<void> {
  return done(api.DELETE(matcherPath, { params: { path: { ...onePath(project, integration), matcher_id: id } } }));
}

export const valuesQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: integrationKeys.parts(p, id, "values"),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/integrations/{integration_id}/values", {
          params: { path: onePath(p, id) },
          signal,
        }),
      ),
  });

const valuePath = "/api/project/{project_id}/integrations/{integration_id}/values/{value_id}";

export async function saveValue(project: number, integration: number, body: IntegrationValueInput, original?: IntegrationValue): Promise<void> {
  const path = onePath(project, integration);
  if (original === undefined) {
    await done(api.POST("/api/project/{project_id}/integrations/{integration_id}/values", { params: { path }, body }));
    return;
  }
  const one = { ...path, value_id: original.id };
  const stored = await data(api.GET(valuePath, { params: { path: one } }));
  await done(api.PUT(valuePath, { params: { path: one }, headers: unchanged(original, stored), body }));
}

export function deleteValue(project: number, integration: number, id: number): Promise<void> {
  return done(api.DELETE(valuePath, { params: { path: { ...onePath(project, integration), value_id: id } } }));
}

/** The version that was just read if it is what the form was filled from; one that never matches otherwise. */
function unchanged<T extends object>(edited: T, stored: T): Record<string, string> {
  const names = Object.keys(edited) as (keyof T)[];
  return names.every((name) => edited[name] === stored[name]) ? ifMatch(stored) : { "If-Match": '"changed"' };
}

/** The addresses of an integration or, without one, of the project. */
export const aliasesQuery = (p: number, integration?: number) =>
  queryOptions({
    queryKey: integrationKeys.aliases(p, integration),
    queryFn: ({ signal }) =>
      list(
        integration === undefined
          ? api.GET("/api/project/{project_id}/integrations/aliases", { params: { path: { project_id: p } }, signal })
          : api.GET("/api/project/{project_id}/integrations/{integration_id}/aliases", {
              params: { path: onePath(p, integration) },
              signal,
            }),
      ),
  });

export function createAlias(project: number, integration?: number): Promise<void> {
  return done(
    integration === undefined
      ? api.POST("/api/project/{project_id}/integrations/aliases", { params: { path: { project_id: project } } })
      : api.POST("/api/project/{project_id}/integrations/{integration_id}/aliases", {
          params: { path: onePath(project, integration) },
        }),
  );
}

export function deleteAlias(project: number, id: number, integration?: number): Promise<void> {
  return done(
    integration === undefined
      ? api.DELETE("/api/project/{project_id}/integrations/aliases/{alias_id}", {
          params: { path: { project_id: project, alias_id: id } },
        })
      : api.DELETE("/api/project/{project_id}/integrations/{integration_id}/aliases/{alias_id}", {
          params: { path: { ...onePath(project, integration), alias_id: id } },
        }),
  );
}
