import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, mountUrl } from "@/api/client";
import { projectKeys } from "@/api/queries";
import type { AuditRecord, ProjectEvent } from "@/api/types";
import { type Activity, activityOf } from "./events";
import { auditQuery, type AuditSearch } from "./filters";

const PAGE = 50;
const REFRESH = 15_000;

/** Whose activity: of a project or of the whole server; whole with all that only managers of users see. */
export interface Scope {
  readonly project?: number;
  readonly whole: boolean;
}

type Answer = { data?: AuditRecord[] | ProjectEvent[] | string | null; response: Response };

function fetchEvents(scope: Scope, query: Record<string, unknown>, signal: AbortSignal): Promise<Answer> {
  if (scope.project === undefined) return api.GET("/api/audit", { params: { query }, signal });
  const params = { path: { project_id: scope.project }, query };
  return scope.whole
    ? api.GET("/api/project/{project_id}/audit", { params, signal })
    : api.GET("/api/project/{project_id}/events", { params, signal });
}

/** The activity, newest first, in pages that reach back as far as it is kept. */
export const activityQuery = (scope: Scope, search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: [...(scope.project === undefined ? [] : projectKeys.one(scope.project)), "activity", scope.whole, search] as const,
    queryFn: async ({ pageParam, signal }): Promise<{ rows: Activity[]; more: boolean }> => {
      const query = { ...auditQuery(search), count: PAGE, ...(pageParam > 0 ? { before: pageParam } : {}) };
      const answer = await fetchEvents(scope, query, signal);
      // Lines come only to those who ask for them.
      const rows = Array.isArray(answer.data) ? answer.data : [];
      return { rows: rows.map(activityOf), more: answer.response.headers.get("X-Has-Next") === "true" };
    },
    initialPageParam: 0,
    getNextPageParam: (last) => (last.more ? last.rows.at(-1)?.id : undefined),
    // A text is looked for in the whole log, which costs too much to do it over and over.
    refetchInterval: ({ state }) => (search.q === "" && (state.data?.pages.length ?? 1) === 1 ? REFRESH : false),
  });

/** Where all that matches can be fetched as a file. */
export function exportAddress(project: number | undefined, search: AuditSearch): string {
  const query = new URLSearchParams({ format: "ndjson" });
  for (const [name, value] of Object.entries(auditQuery(search))) query.set(name, String(value));
  const base = project === undefined ? "/api/audit" : `/api/project/${String(project)}/audit`;
  return `${mountUrl()}${base}?${query.toString()}`;
}
