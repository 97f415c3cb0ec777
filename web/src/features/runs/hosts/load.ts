import type { Matrix, Play, PlayTask } from "@/api/types";

export type FetchTasks = (first: number, limit: number) => Promise<Matrix>;

/** Results that one answer of the server holds at most. */
const MOST_CELLS = 100_000;
const PAGE = 100;
/** Of a run that goes on, so many of the last tasks may still get results. */
const UNSETTLED = 20;

/**
 * The whole matrix in as many requests as it takes. With what was loaded before of a run that goes on,
 * only its end is asked for again.
 */
export async function loadMatrix(fetchTasks: FetchTasks, before?: Matrix): Promise<Matrix> {
  const first = before === undefined ? 1 : Math.max(1, before.tasks - UNSETTLED + 1);
  let whole: Matrix = before === undefined ? nothing : { ...before, plays: (before.plays ?? []).map((play) => upTo(play, first)) };
  let at = first;
  let limit = pageOf(before?.hosts?.length ?? 0);
  for (;;) {
    const page = await fetchTasks(at, limit);
    if (page.truncated && limit > 1) {
      limit = Math.max(1, Math.floor(limit / 2));
      continue;
    }
    whole = join(whole, page);
    at += limit;
    if (at > page.tasks) return whole;
    limit = pageOf(page.hosts?.length ?? 0);
  }
}

const nothing: Matrix = { hosts: [], plays: [], tasks: 0, truncated: false };

function pageOf(hosts: number): number {
  return Math.max(1, Math.min(PAGE, Math.floor(MOST_CELLS / Math.max(1, hosts))));
}

function upTo(play: Play, first: number): Play {
  return { ...play, tasks: (play.tasks ?? []).filter((task) => task.number < first) };
}

/** Adds a page of tasks. Answers name all plays, so that theirs count; hosts keep their order. */
function join(whole: Matrix, page: Matrix): Matrix {
  const known = new Map((whole.plays ?? []).map((play) => [play.number, play.tasks ?? []]));
  const plays = (page.plays ?? []).map((play) => {
    const tasks: PlayTask[] = [...(known.get(play.number) ?? []), ...(play.tasks ?? [])];
    known.delete(play.number);
    return { ...play, tasks };
  });
  const left = (whole.plays ?? []).filter((play) => known.has(play.number));
  const hosts = [...new Set([...(whole.hosts ?? []), ...(page.hosts ?? [])])];
  return {
    hosts,
    plays: [...left, ...plays].sort((a, b) => a.number - b.number),
    tasks: page.tasks,
    truncated: whole.truncated || page.truncated,
  };
}
