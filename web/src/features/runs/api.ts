import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, done, list, mountUrl } from "@/api/client";
import type { LogLine as WireLine } from "@/api/live";
import { taskKeys, templateKeys } from "@/api/queries";
import type { TaskInput, TaskRow } from "@/api/types";
import type { LogLine } from "./log/block";
import type { ServerSearch } from "./log/find";
import type { FetchWindow } from "./log/store";

export interface RunsFilter {
  readonly status: readonly string[];
  readonly template: number | null;
  /** Words to look for on the server; "" for none. */
  readonly q: string;
  /** Only runs that this user started; null for anybody's. */
  readonly user: number | null;
}

export interface RunsPageData {
  readonly rows: TaskRow[];
  /** The run before which the next page goes on. */
  readonly next: number | undefined;
}

const PAGE = 50;

/** The history, newest first, in pages that reach back as far as it goes. */
export const runsQuery = (p: number, filter: RunsFilter) =>
  infiniteQueryOptions({
    queryKey: [...taskKeys.lists(p), "runs", filter] as const,
    queryFn: ({ pageParam, signal }) => runsPage(p, filter, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
  });

async function runsPage(p: number, filter: RunsFilter, before: number, signal: AbortSignal): Promise<RunsPageData> {
  const query = {
    count: PAGE,
    ...(before > 0 ? { before } : {}),
    ...(filter.status.length > 0 ? { status: [...filter.status] } : {}),
    ...(filter.q.trim() === "" ? {} : { search: filter.q }),
    ...(filter.user === null ? {} : { user_id: filter.user }),
  };
  const answer =
    filter.template === null
      ? await api.GET("/api/project/{project_id}/tasks", { params: { path: { project_id: p }, query }, signal })
      : await api.GET("/api/project/{project_id}/templates/{template_id}/tasks", {
          params: { path: { project_id: p, template_id: filter.template }, query },
          signal,
        });
  return { rows: answer.data ?? [], next: nextBefore(answer.response.headers.get("Link")) };
}

/** Where the header leads; a page that a search came out of may be empty and still lead on. */
export function nextBefore(link: string | null): number | undefined {
  const before = /[?&]before=(\d+)[^>]*>; rel="next"/.exec(link ?? "")?.[1];
  return before === undefined ? undefined : Number(before);
}

/** A run as lists show it: with the names of its template and of who started it. */
export const runRowQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: [...taskKeys.all(p), "row", id] as const,
    queryFn: async ({ signal }) => {
      const query = { before: id + 1, count: 1 };
      const rows = await list(
        api.GET("/api/project/{project_id}/tasks", { params: { path: { project_id: p }, query }, signal }),
      );
      return rows.find((row) => row.id === id) ?? null;
    },
    staleTime: Infinity,
  });

export function useStartRun(p: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: TaskInput) =>
      data(api.POST("/api/project/{project_id}/tasks", { params: { path: { project_id: p } }, body })),
    onSuccess: (task) => {
      client.setQueryData(taskKeys.one(p, task.id), task);
      void client.invalidateQueries({ queryKey: taskKeys.lists(p) });
      void client.invalidateQueries({ queryKey: templateKeys.list(p) });
    },
  });
}

export function useStopRun(p: number, id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (force: boolean) =>
      done(
        api.POST("/api/project/{project_id}/tasks/{task_id}/stop", {
          params: { path: { project_id: p, task_id: id } },
          body: { force },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: taskKeys.one(p, id) }),
  });
}

export function useDeleteRun(p: number, id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      done(
        api.DELETE("/api/project/{project_id}/tasks/{task_id}", {
          params: { path: { project_id: p, task_id: id } },
        }),
      ),
    onSuccess: () => {
      client.removeQueries({ queryKey: taskKeys.one(p, id) });
      void client.invalidateQueries({ queryKey: taskKeys.lists(p) });
    },
  });
}

export function toLine(line: WireLine): LogLine {
  return { seq: line.seq, text: line.text, time: Date.parse(line.time), partial: line.partial === true };
}

export const logWindows =
  (p: number, id: number): FetchWindow =>
  async (query, signal) => {
    const page = await data(
      api.GET("/api/project/{project_id}/tasks/{task_id}/log", {
        params: { path: { project_id: p, task_id: id }, query },
        signal,
      }),
    );
    return { total: page.total, complete: page.complete, lines: (page.lines ?? []).map(toLine) };
  };

export const logSearch =
  (p: number, id: number): ServerSearch =>
  async (query, after, signal) => {
    const page = await data(
      api.GET("/api/project/{project_id}/tasks/{task_id}/log/search", {
        params: {
          path: { project_id: p, task_id: id },
          query: { q: query.text, regex: query.regex, case: query.matchCase, after, limit: 1000 },
        },
        signal,
      }),
    );
    return { matches: page.matches ?? [], next: page.next, scanned: page.scanned };
  };

export interface DownloadOptions {
  readonly times?: boolean;
  readonly ansi?: boolean;
}

/** Address of the whole log as a file. */
export function downloadUrl(p: number, id: number, { times, ansi }: DownloadOptions): string {
  const query = new URLSearchParams({ download: "true" });
  if (times === true) query.set("time", "iso");
  if (ansi === true) query.set("ansi", "true");
  return `${mountUrl()}/api/project/${String(p)}/tasks/${String(id)}/raw_output?${query.toString()}`;
}

const partsOf = (p: number, id: number) => ({ params: { path: { project_id: p, task_id: id } } });

/** The parts of a run, in their order; asked for again now and then while it goes on. */
export const stagesQuery = (p: number, id: number, active: boolean) =>
  queryOptions({
    queryKey: [...taskKeys.parts(p, id), "stages"] as const,
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/tasks/{task_id}/stages", { ...partsOf(p, id), signal })),
    refetchInterval: active ? 3000 : false,
  });

/** Whom the server has told about a run; asked for again while it is at it. */
export const notificationsQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: [...taskKeys.parts(p, id), "notifications"] as const,
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/tasks/{task_id}/notifications", { ...partsOf(p, id), signal })),
    refetchInterval: ({ state }) => (state.data?.some((row) => row.state === "pending") ? 3000 : false),
  });

/** Why a run waits, what it executes and where each value comes from. */
export const explainQuery = (p: number, id: number, waiting = false) =>
  queryOptions({
    queryKey: [...taskKeys.parts(p, id), "explain"] as const,
    queryFn: ({ signal }) =>
      data(api.GET("/api/project/{project_id}/tasks/{task_id}/explain", { ...partsOf(p, id), signal })),
    refetchInterval: waiting ? 5000 : false,
  });

/** Confirms or rejects what a run waits with. */
export function useDecide(p: number, id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (confirm: boolean) =>
      done(
        confirm
          ? api.POST("/api/project/{project_id}/tasks/{task_id}/confirm", partsOf(p, id))
          : api.POST("/api/project/{project_id}/tasks/{task_id}/reject", partsOf(p, id)),
      ),
    // Also after a failure: somebody else may have been faster.
    onSettled: () => client.invalidateQueries({ queryKey: taskKeys.one(p, id) }),
  });
}

/** Starts a run with the inputs of another one, on the hosts that failed there. */
export function useRerunFailed(p: number, id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/project/{project_id}/tasks/{task_id}/rerun", { ...partsOf(p, id), body: { failed: true } }),
      ),
    onSuccess: (task) => {
      client.setQueryData(taskKeys.one(p, task.id), task);
      void client.invalidateQueries({ queryKey: taskKeys.lists(p) });
    },
  });
}
