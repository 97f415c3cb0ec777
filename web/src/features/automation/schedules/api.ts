import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, done, ifMatch, list } from "@/api/client";
import { scheduleKeys } from "@/api/queries";
import type { Schedule, ScheduleInput, ScheduleRow } from "@/api/types";
import { toastError } from "@/ui/toast";

/** The schedules of a project, without those that look for new commits. */
export const schedulesQuery = (p: number) =>
  queryOptions({
    queryKey: scheduleKeys.list(p),
    queryFn: ({ signal }) =>
      list(api.GET("/api/project/{project_id}/schedules", { params: { path: { project_id: p } }, signal })),
  });

export const templateSchedulesQuery = (p: number, template: number) =>
  queryOptions({
    queryKey: scheduleKeys.ofTemplate(p, template),
    queryFn: ({ signal }) =>
      list(
        api.GET("/api/project/{project_id}/templates/{template_id}/schedules", {
          params: { path: { project_id: p, template_id: template } },
          signal,
        }),
      ),
  });

export const scheduleQuery = (p: number, id: number) =>
  queryOptions({
    queryKey: scheduleKeys.one(p, id),
    // Forms send back the version of the object that they were filled from.
    structuralSharing: false,
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/schedules/{schedule_id}", {
          params: { path: { project_id: p, schedule_id: id } },
          signal,
        }),
      ),
  });

/** When an expression is due next; fails with what is wrong with it. */
export const previewQuery = (p: number, cron: string) =>
  queryOptions({
    queryKey: scheduleKeys.preview(p, cron),
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/project/{project_id}/schedules/preview", {
          params: { path: { project_id: p }, query: { cron_format: cron } },
          signal,
        }),
      ),
    // Times go by, and the next run with them.
    staleTime: 30_000,
    retry: false,
  });

export function saveSchedule(project: number, body: ScheduleInput, original?: Schedule): Promise<void> {
  const path = { project_id: project };
  return done(
    original === undefined
      ? api.POST("/api/project/{project_id}/schedules", { params: { path }, body })
      : api.PUT("/api/project/{project_id}/schedules/{schedule_id}", {
          params: { path: { ...path, schedule_id: original.id } },
          headers: ifMatch(original),
          body,
        }),
  );
}

export function deleteSchedule(project: number, id: number): Promise<void> {
  return done(
    api.DELETE("/api/project/{project_id}/schedules/{schedule_id}", {
      params: { path: { project_id: project, schedule_id: id } },
    }),
  );
}

/** Stands for the next run of a schedule that was switched on a moment ago, until the server tells it. */
export const unknownTime = "";

/** Switches a schedule on or off: at once in every list, and back again if the server refuses. */
export function useSetActive(project: number, id: number) {
  const client = useQueryClient();
  const show = (active: boolean) => {
    const set = (row: ScheduleRow) => (row.id === id ? { ...row, active, next_run: active ? unknownTime : undefined } : row);
    client.setQueriesData<unknown>({ queryKey: scheduleKeys.all(project) }, (cached: unknown) =>
      Array.isArray(cached) ? (cached as ScheduleRow[]).map(set) : cached,
    );
  };
  return useMutation({
    mutationFn: (active: boolean) =>
      done(
        api.PUT("/api/project/{project_id}/schedules/{schedule_id}/active", {
          params: { path: { project_id: project, schedule_id: id } },
          body: { active },
        }),
      ),
    onMutate: async (active) => {
      // An answer under way would show the old state again.
      await client.cancelQueries({ queryKey: scheduleKeys.all(project) });
      show(active);
    },
    onError: (error, active) => {
      show(!active);
      toastError(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: scheduleKeys.all(project) }),
  });
}
