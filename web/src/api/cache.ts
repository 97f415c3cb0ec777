import type { QueryClient } from "@tanstack/react-query";
import type { TaskUpdate } from "./live";
import { taskKeys, templateKeys } from "./queries";
import type { Task, TaskRow, Template } from "./types";

// A rejected run still tidies up: it ends as stopped or failed.
const finished = new Set(["success", "error", "stopped"]);
const decided = new Set(["confirmed", "rejected"]);

export function isFinished(status: string): boolean {
  return finished.has(status);
}

function patch<T extends Pick<Task, "id">>(task: T, update: TaskUpdate): T {
  if (task.id !== update.task_id) return task;
  return {
    ...task,
    status: update.status,
    start: update.start ?? undefined,
    end: update.end ?? undefined,
    ...(update.version ? { version: update.version } : {}),
    // Why it waited no longer holds once it moved on.
    ...(update.status === "waiting" ? {} : { wait_reason: undefined }),
  };
}

type Pages = { pages: unknown[]; pageParams: unknown[] };

/** Patches a list of tasks, whole or in pages, whose pages may be arrays or objects holding arrays. */
export function patchTasks(cached: unknown, update: TaskUpdate): { value: unknown; found: boolean } {
  let found = false;
  const walk = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    return (value as TaskRow[]).map((task) => {
      if (task.id !== update.task_id) return task;
      found = true;
      return patch(task, update);
    });
  };
  const page = (value: unknown): unknown => {
    if (Array.isArray(value) || typeof value !== "object" || value === null) return walk(value);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(v)]));
  };
  if (typeof cached === "object" && cached !== null && "pages" in cached) {
    const pages = cached as Pages;
    return { value: { ...pages, pages: pages.pages.map(page) }, found };
  }
  const value = page(cached);
  return { value, found };
}

/** Writes live events into the query cache: the only place where they meet. */
export class LiveCache {
  private readonly due = new Map<string, boolean>();

  constructor(
    private readonly client: QueryClient,
    private readonly throttle = 1000,
  ) {}

  update(update: TaskUpdate): void {
    const { project_id: p, task_id: id, template_id: template } = update;
    this.client.setQueryData<Task>(taskKeys.one(p, id), (task) => task && patch(task, update));
    if (isFinished(update.status) || decided.has(update.status)) {
      // The reason of the end, the number of lines and who decided come with the task itself.
      void this.client.invalidateQueries({ queryKey: taskKeys.one(p, id) });
    } else if (this.client.getQueryData(taskKeys.one(p, id)) !== undefined) {
      void this.client.invalidateQueries({ queryKey: taskKeys.parts(p, id) });
    }

    let missing = false;
    for (const [key, cached] of this.client.getQueriesData({ queryKey: taskKeys.lists(p) })) {
      if (cached === undefined) continue;
      const { value, found } = patchTasks(cached, update);
      if (found) this.client.setQueryData(key, value);
      else missing = true;
    }
    if (missing) this.later(taskKeys.lists(p));

    const lastTask = (t: Template): Template =>
      t.id === template && t.last_task?.id === id ? { ...t, last_task: patch(t.last_task, update) } : t;
    const known = (t: Template | undefined) => t?.last_task?.id === id;
    const templates = this.client.getQueryData<Template[]>(templateKeys.list(p));
    if (templates?.some(known)) {
      this.client.setQueryData<Template[]>(templateKeys.list(p), templates.map(lastTask));
    } else if (templates) {
      this.later(templateKeys.list(p));
    }
  }

  resync(): void {
    void this.client.invalidateQueries();
  }

  /** At once, then at most once a second, however many tasks a list does not know yet. */
  private later(queryKey: readonly unknown[]): void {
    const hash = JSON.stringify(queryKey);
    if (this.due.has(hash)) {
      this.due.set(hash, true);
      return;
    }
    this.due.set(hash, false);
    void this.client.invalidateQueries({ queryKey });
    setTimeout(() => {
      const again = this.due.get(hash) === true;
      this.due.delete(hash);
      if (again) this.later(queryKey);
    }, this.throttle);
  }
}
