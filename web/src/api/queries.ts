import { queryOptions } from "@tanstack/react-query";
import { api, data, list } from "./client";
import { isApiError } from "./errors";
import { sessionFound } from "./session";

// One factory of keys per resource, used by queries, mutations and live updates alike.

export const userKeys = {
  me: ["user"] as const,
  tokens: ["user", "tokens"] as const,
  sessions: ["user", "sessions"] as const,
};
export const projectKeys = {
  all: ["projects"] as const,
  one: (p: number) => ["project", p] as const,
  detail: (p: number) => [...projectKeys.one(p), "detail"] as const,
  role: (p: number) => [...projectKeys.one(p), "role"] as const,
  team: (p: number, part: string) => [...projectKeys.one(p), "team", part] as const,
};
const resource = (name: string) => ({
  all: (p: number) => [...projectKeys.one(p), name] as const,
  list: (p: number) => [...projectKeys.one(p), name, "list"] as const,
  one: (p: number, id: number) => [...projectKeys.one(p), name, "one", id] as const,
});
export const keyKeys = resource("keys");
export const repositoryKeys = {
  ...resource("repositories"),
  branches: (p: number, id: number) => [...projectKeys.one(p), "repositories", "branches", id] as const,
};
export const inventoryKeys = {
  ...resource("inventory"),
  ofTemplate: (p: number, template: number) => [...projectKeys.one(p), "inventory", "template", template] as const,
};
export const hostConfigKeys = resource("host_configs");
export const environmentKeys = resource("environment");
export const templateKeys = resource("templates");
export const scheduleKeys = {
  ...resource("schedules"),
  ofTemplate: (p: number, template: number) => [...projectKeys.one(p), "schedules", "template", template] as const,
  preview: (p: number, cron: string) => [...projectKeys.one(p), "cron", cron] as const,
};
export const integrationKeys = {
  ...resource("integrations"),
  /** What belongs to an integration. */
  parts: (p: number, id: number, part: "matchers" | "values") =>
    [...projectKeys.one(p), "integrations", "one", id, part] as const,
  /** Addresses of an integration or, without one, of the project. */
  aliases: (p: number, id?: number) => [...projectKeys.one(p), "integrations", "aliases", id ?? "project"] as const,
};
export const taskKeys = {
  all: (p: number) => [...projectKeys.one(p), "tasks"] as const,
  /** Every list of tasks lives below this key: whole arrays or pages of an infinite query. */
  lists: (p: number) => [...taskKeys.all(p), "list"] as const,
  last: (p: number, limit: number) => [...taskKeys.lists(p), "last", limit] as const,
  ofTemplate: (p: number, template: number, limit: number) =>
    [...taskKeys.lists(p), "template", template, limit] as const,
  one: (p: number, id: number) => [...taskKeys.all(p), "one", id] as const,
  /** What a run made beside its log: stages, results, explanations. Fetched again when its status changes. */
  parts: (p: number, id: number) => [...taskKeys.one(p, id), "parts"] as const,
};

export const setupQuery = () =>
  queryOptions({
    queryKey: ["setup"] as const,
    queryFn: async ({ signal }) => {
      try {
        return await data(api.GET("/api/setup", { signal }));
      } catch (error) {
        // A server without this route is one that has been set up.
        if (isApiError(error, 404)) return { needed: false };
        throw error;
      }
    },
    staleTime: 30_000,
  });

export const loginOptionsQuery = () =>
  queryOptions({
    queryKey: ["login"] as const,
    queryFn: ({ signal }) => data(api.GET("/api/auth/login", { signal })),
    staleTime: Infinity,
  });

export const userQuery = () =>
  queryOptions({
    queryKey: userKeys.me,
    queryFn: async ({ signal }) => {
      const user = await data(api.GET("/api/user", { signal }));
      sessionFound();
      return user;
    },
    staleTime: 5 * 60_000,
    retry: false,
  });

export const infoQuery = () =>
  queryOptions({
    queryKey: ["info"] as const,
    queryFn: ({ signal }) => data(api.GET("/api/info", { signal })),
    staleTime: Infinity,
  });

export const appsKey = ["apps"] as const;
export const appsQuery = () =>
  queryOptions({
    queryKey: appsKey,
    queryFn: ({ signal }) => list(api.GET("/api/apps", { signal })),
    staleTime: 60_000,
  });

export const tokensQuery = () =>
  queryOptions({
    queryKey: userKeys.tokens,
    queryFn: ({ signal }) => list(api.GET("/api/user/tokens", { signal })),
  });

export const sessionsQuery = () =>
  queryOptions({
    queryKey: userKeys.sessions,
    queryFn: ({ signal }) => list(api.GET("/api/user/sessions", { signal })),
  });

export const projectsQuery = () =>
  queryOptions({
    queryKey: projectKeys.all,
    queryFn: ({ signal }) => list(api.GET("/api/projects", { signal })),
    staleTime: 30_000,
  });

export const projectQuery = (p: number) =>
  queryOptions({
    queryKey: projectKeys.detail(p),
    queryFn: ({ signal }) =>
      data(api.GET("/api/project/{project_id}", { params: { path: { project_id: p } }, signal })),
    staleTime: 30_000,
  });

export const roleQuery = (p: number) =>
  queryOptions({
    queryKey: projectKeys.role(p),
    queryFn: ({ signal }) =>
      data(api.GET("/api/project/{project_id}/role", { params: { path: { project_id: p } }, signal })),
    staleTime: 60_000,
  });

/** The accounts of the server, as far as the user may see them. */
export const usersQuery = () =>
  queryOptions({
    queryKey: ["users"] as const,
    queryFn: ({ signal }) => list(api.GET("/api/users", { signal })),
  });

export const membersQuery = (p: number) =>
  queryOptions({
    queryKey: projectKeys.team(p, "members"),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/users", { params: { path: { project_id: p } }, signal })),
  });

/** The custom roles that members of a project can have: its own and those of all projects. */
export const rolesQuery = (p: number) =>
  queryOptions({
    queryKey: projectKeys.team(p, "roles"),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/roles/all", { params: { path: { project_id: p } }, signal }),
      ),
  });

export const keysQuery = (p: number) =>
  queryOptions({
    queryKey: keyKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/keys", { params: { path: { project_id: p } }, signal })),
  });

export const repositoriesQuery = (p: number) =>
  queryOptions({
    queryKey: repositoryKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/repositories", { params: { path: { project_id: p } }, signal })),
  });

export const branchesQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: repositoryKeys.branches(p, id),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/repositories/{repository_id}/branches", {
          params: { path: { project_id: p, repository_id: id } },
          signal,
        }),
      ),
    staleTime: 60_000,
    retry: false,
  });

export const inventoriesQuery = (p: number) =>
  queryOptions({
    queryKey: inventoryKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/inventory", { params: { path: { project_id: p } }, signal })),
  });

/** The workspaces of a template; lists of inventories leave them out. */
export const workspacesQuery = (p: number, template: number) =>
  queryOptions({
    queryKey: inventoryKeys.ofTemplate(p, template),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/inventory", {
          params: { path: { project_id: p }, query: { template_id: template } },
          signal,
        }),
      ),
  });

export const hostConfigsQuery = (p: number) =>
  queryOptions({
    queryKey: hostConfigKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/host_configs", { params: { path: { project_id: p } }, signal })),
  });

export const environmentsQuery = (p: number) =>
  queryOptions({
    queryKey: environmentKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/environment", { params: { path: { project_id: p } }, signal })),
  });

export const environmentQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: environmentKeys.one(p, id),
    // Forms send back the version of the object that they were filled from.
    structuralSharing: false,
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/environment/{environment_id}", {
          params: { path: { project_id: p, environment_id: id } },
          signal,
        }),
      ),
  });

export const templatesQuery = (p: number) =>
  queryOptions({
    queryKey: templateKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/templates", { params: { path: { project_id: p } }, signal })),
  });

export const templateQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: templateKeys.one(p, id),
    // Forms send back the version of the object that they were filled from.
    structuralSharing: false,
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/templates/{template_id}", {
          params: { path: { project_id: p, template_id: id } },
          signal,
        }),
      ),
  });

export const lastTasksQuery = (p: number, limit = 20) =>
  queryOptions({
    queryKey: taskKeys.last(p, limit),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/tasks/last", {
          params: { path: { project_id: p }, query: { limit } },
          signal,
        }),
      ),
  });

export const templateTasksQuery = (p: number, template: number, limit = 20) =>
  queryOptions({
    queryKey: taskKeys.ofTemplate(p, template, limit),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/templates/{template_id}/tasks/last", {
          params: { path: { project_id: p, template_id: template }, query: { limit } },
          signal,
        }),
      ),
  });

export const taskQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: taskKeys.one(p, id),
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/tasks/{task_id}", {
          params: { path: { project_id: p, task_id: id } },
          signal,
        }),
      ),
  });

/** The channels for alerts that the server has switched on; they change with its configuration. */
export const alertChannelsQuery = (p: number) =>
  queryOptions({
    queryKey: [...projectKeys.one(p), "alertChannels"] as const,
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/alerts/channels", { params: { path: { project_id: p } }, signal })),
  });
