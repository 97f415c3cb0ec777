import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveCache, patchTasks } from "./cache";
import type { TaskUpdate } from "./live";
import { taskKeys, templateKeys } from "./queries";

const update: TaskUpdate = {
  type: "update",
  project_id: 1,
  template_id: 2,
  task_id: 7,
  status: "running",
  start: "2026-11-23T12:00:00Z",
};

let client: QueryClient;
let cache: LiveCache;

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient();
  cache = new LiveCache(client);
});
afterEach(() => vi.useRealTimers());

const waiting = { id: 7, status: "waiting", wait_reason: "the limit is reached" };

test("patches the task and every list that holds it", () => {
  client.setQueryData(taskKeys.one(1, 7), waiting);
  client.setQueryData(taskKeys.last(1, 20), [{ id: 8, status: "success" }, waiting]);
  cache.update(update);
  const patched = { id: 7, status: "running", start: update.start };
  expect(client.getQueryData(taskKeys.one(1, 7))).toMatchObject(patched);
  expect(client.getQueryData(taskKeys.last(1, 20))).toMatchObject([{ id: 8 }, patched]);
  expect(client.getQueryData<typeof waiting>(taskKeys.one(1, 7))?.wait_reason).toBeUndefined();
});

test("patches pages of an infinite list, as arrays or as objects", () => {
  const pages = { pageParams: [0, 1], pages: [[{ id: 9 }], { tasks: [waiting], next: true }] };
  const { value, found } = patchTasks(pages, update);
  expect(found).toBe(true);
  expect(value).toMatchObject({ pages: [[{ id: 9 }], { tasks: [{ status: "running" }], next: true }] });
});

test("patches the last task of a template", () => {
  client.setQueryData(templateKeys.list(1), [{ id: 2, last_task: waiting }, { id: 3 }]);
  cache.update(update);
  expect(client.getQueryData(templateKeys.list(1))).toMatchObject([
    { id: 2, last_task: { status: "running" } },
    { id: 3 },
  ]);
});

test("fetches lists that do not know the task, at once and then at most once a second", () => {
  const invalidate = vi.spyOn(client, "invalidateQueries");
  client.setQueryData(taskKeys.last(1, 20), [{ id: 6, status: "success" }]);
  for (let i = 0; i < 5; i += 1) cache.update({ ...update, task_id: 10 + i });
  expect(invalidate).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(invalidate).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5000);
  expect(invalidate).toHaveBeenCalledTimes(2);
});

test("leaves other projects alone", () => {
  client.setQueryData(taskKeys.last(2, 20), [waiting]);
  cache.update(update);
  expect(client.getQueryData(taskKeys.last(2, 20))).toEqual([waiting]);
});
