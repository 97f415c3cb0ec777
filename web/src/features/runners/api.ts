import { queryOptions } from "@tanstack/react-query";
import { api, data, done, ifMatch, list } from "@/api/client";
import { projectKeys } from "@/api/queries";
import type { NewRunner, Runner } from "@/api/types";
import { runnerBody, type RunnerValues } from "./values";

// Left out, a project stands for the runners of the whole server.

/** How often the list looks again: nothing tells when a runner calls. */
const REFRESH = 10_000;

export const runnersKey = (project?: number) =>
  project === undefined ? (["runners"] as const) : ([...projectKeys.one(project), "runners"] as const);

export const runnersQuery = (project?: number) =>
  queryOptions({
    queryKey: [...runnersKey(project), "list"] as const,
    queryFn: ({ signal }) =>
      list(
        project === undefined
          ? api.GET("/api/runners", { signal })
          : api.GET("/api/project/{project_id}/runners", { params: { path: { project_id: project } }, signal }),
      ),
    refetchInterval: REFRESH,
  });

const ofServer = (id: number) => ({ params: { path: { runner_id: id } } });
const ofProject = (project: number, id: number) => ({ params: { path: { project_id: project, runner_id: id } } });

/** A runner to be changed, with the version that a change is made of. */
export const runnerQuery = (project: number | undefined, id: number) =>
  queryOptions({
    queryKey: [...runnersKey(project), "one", id] as const,
    queryFn: ({ signal }) =>
      data(
        project === undefined
          ? api.GET("/api/runners/{runner_id}", { ...ofServer(id), signal })
          : api.GET("/api/project/{project_id}/runners/{runner_id}", { ...ofProject(project, id), signal }),
      ),
    gcTime: 0,
    staleTime: Infinity,
  });

export function createRunner(project: number | undefined, values: RunnerValues): Promise<NewRunner> {
  const body = runnerBody(values);
  return data(
    project === undefined
      ? api.POST("/api/runners", { body })
      : api.POST("/api/project/{project_id}/runners", { params: { path: { project_id: project } }, body }),
  );
}

export async function updateRunner(project: number | undefined, values: RunnerValues, original: Runner): Promise<void> {
  const body = runnerBody(values, original);
  const headers = ifMatch(original);
  await done(
    project === undefined
      ? api.PUT("/api/runners/{runner_id}", { ...ofServer(original.id), headers, body })
      : api.PUT("/api/project/{project_id}/runners/{runner_id}", { ...ofProject(project, original.id), headers, body }),
  );
}

export async function setActive(project: number | undefined, id: number, active: boolean): Promise<void> {
  const body = { active };
  await done(
    project === undefined
      ? api.POST("/api/runners/{runner_id}/active", { ...ofServer(id), body })
      : api.POST("/api/project/{project_id}/runners/{runner_id}/active", { ...ofProject(project, id), body }),
  );
}

export async function cleanRunner(project: number | undefined, id: number): Promise<void> {
  await done(
    project === undefined
      ? api.DELETE("/api/runners/{runner_id}/cache", ofServer(id))
      : api.DELETE("/api/project/{project_id}/runners/{runner_id}/cache", ofProject(project, id)),
  );
}

export async function deleteRunner(project: number | undefined, id: number): Promise<void> {
  await done(
    project === undefined
      ? api.DELETE("/api/runners/{runner_id}", ofServer(id))
      : api.DELETE("/api/project/{project_id}/runners/{runner_id}", ofProject(project, id)),
  );
}

/** A new one-time token; an earlier one is worth nothing from then on. */
export async function newRegistration(project: number | undefined, id: number): Promise<string> {
  const answer = await data(
    project === undefined
      ? api.POST("/api/runners/{runner_id}/registration-token", ofServer(id))
      : api.POST("/api/project/{project_id}/runners/{runner_id}/registration-token", ofProject(project, id)),
  );
  return answer.registration_token;
}
