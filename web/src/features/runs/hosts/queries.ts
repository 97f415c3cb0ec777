import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, data, list } from "@/api/client";
import { taskKeys } from "@/api/queries";
import type { Matrix } from "@/api/types";
import { loadMatrix } from "./load";

const path = (p: number, id: number) => ({ project_id: p, task_id: id });

const REFRESH_MS = 3000;

/** The results of a run; of one that goes on, the end is asked for again and again. */
export const matrixQuery = (client: QueryClient, p: number, id: number, active: boolean) => {
  const queryKey = [...taskKeys.parts(p, id), "matrix", active] as const;
  return queryOptions({
    queryKey,
    queryFn: ({ signal }) =>
      loadMatrix(
        (first, limit) =>
          data(
            api.GET("/api/project/{project_id}/tasks/{task_id}/ansible/results", {
              params: { path: path(p, id), query: { first, limit } },
              signal,
            }),
          ),
        active ? client.getQueryData<Matrix>(queryKey) : undefined,
      ),
    // The end of a run makes a query of its own: until it is there the last one stays on the screen.
    placeholderData: (before) => before,
    refetchInterval: active ? REFRESH_MS : false,
    structuralSharing: false,
  });
};

/** One task on one host, with its texts. */
export const cellQuery = (p: number, id: number, task: number, host: string) =>
  queryOptions({
    queryKey: [...taskKeys.parts(p, id), "cell", task, host] as const,
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/tasks/{task_id}/ansible/results", {
          params: { path: path(p, id), query: { first: task, limit: 1, host, details: true } },
          signal,
        }),
      ),
  });

export const hostTotalsQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: [...taskKeys.parts(p, id), "hosts"] as const,
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/tasks/{task_id}/ansible/hosts", { params: { path: path(p, id) }, signal })),
  });

export const hostErrorsQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: [...taskKeys.parts(p, id), "errors"] as const,
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/tasks/{task_id}/ansible/errors", { params: { path: path(p, id) }, signal })),
  });
