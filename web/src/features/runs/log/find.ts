/** Finding lines: in the browser while the whole log is here and small, on the server otherwise. */

import { plainText } from "./ansi";
import type { Matcher } from "./pieces";
import type { LogStore } from "./store";

export interface FindQuery {
  readonly text: string;
  readonly regex: boolean;
  readonly matchCase: boolean;
}

export interface SearchPage {
  readonly matches: readonly number[];
  /** `after` of the following page, 0 at the end. */
  readonly next: number;
  readonly scanned: number;
}

export type ServerSearch = (query: FindQuery, after: number, signal: AbortSignal) => Promise<SearchPage>;

export interface FindState {
  /** Numbers of matching lines, ascending. */
  readonly matches: readonly number[];
  readonly busy: boolean;
  /** More lines match than are listed. */
  readonly capped: boolean;
  /** What the server or the expression parser said against the query. */
  readonly error: string | null;
}

export const NOTHING: FindState = { matches: [], busy: false, capped: false, error: null };

const CAP = 10_000;
const LOCAL_LINES = 50_000;
const SLICE_MS = 8;

/** Marks the matches inside a line. A bad or slow expression marks nothing. */
export function matcherFor(query: FindQuery): Matcher | null {
  if (query.text === "") return null;
  const flags = query.matchCase ? "g" : "gi";
  let pattern: RegExp;
  try {
    pattern = new RegExp(query.regex ? query.text : escapeRegex(query.text), flags);
  } catch {
    return null;
  }
  let tired = false;
  return (text) => {
    if (tired) return [];
    const start = performance.now();
    const found: [number, number][] = [];
    for (const match of text.matchAll(pattern)) {
      if (match[0] !== "") found.push([match.index, match.index + match[0].length]);
    }
    // The server decides what matches; marking is a courtesy that must not stall scrolling.
    if (performance.now() - start > 50) tired = true;
    return found;
  };
}

export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Index of the match to show first: the one at or after a line, else the first. */
export function nearestMatch(matches: readonly number[], seq: number): number {
  if (matches.length === 0) return -1;
  const at = matches.findIndex((m) => m >= seq);
  return at === -1 ? 0 : at;
}

/** Searches a log once and keeps up with what is added. */
export class Finder {
  private state: FindState = NOTHING;
  private matches: number[] = [];
  private scanned = 0;
  private running = false;
  private again = false;
  private readonly abort = new AbortController();

  constructor(
    private readonly store: LogStore,
    private readonly server: ServerSearch,
    private readonly query: FindQuery,
    private readonly report: (state: FindState) => void,
  ) {}

  stop(): void {
    this.abort.abort();
  }

  /** Looks at what was not looked at yet; called again when lines arrive. */
  async advance(): Promise<void> {
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    try {
      do {
        this.again = false;
        await this.pass();
      } while (this.again && !this.abort.signal.aborted);
    } catch (error) {
      this.publish({ error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.running = false;
      this.publish({ busy: false });
    }
  }

  private get capped(): boolean {
    return this.matches.length >= CAP;
  }

  private async pass(): Promise<void> {
    const local = (!this.query.regex || this.query === ERROR_QUERY) && this.store.total <= LOCAL_LINES && this.store.wholeLogHeld;
    if (this.capped || this.scanned >= this.store.total) return;
    if (local) await this.scanHere();
    else await this.scanThere();
  }

  /** Expressions of the reader run on the server, where no expression can take for ever. */
  private hereMatcher(): (text: string) => boolean {
    if (this.query === ERROR_QUERY) return (text) => ERROR_LINE.test(text);
    if (this.query.matchCase) return (text) => text.includes(this.query.text);
    const wanted = this.query.text.toLowerCase();
    return (text) => text.toLowerCase().includes(wanted);
  }

  private async scanHere(): Promise<void> {
    const hit = this.hereMatcher();
    let until = performance.now() + SLICE_MS;
    while (this.scanned < this.store.total && !this.capped) {
      const seq = this.scanned + 1;
      const line = this.store.text(seq);
      if (line === undefined) return;
      if (hit(plainText(line))) this.matches.push(seq);
      this.scanned = seq;
      if (performance.now() < until) continue;
      this.publish({ busy: true });
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.abort.signal.aborted) return;
      until = performance.now() + SLICE_MS;
    }
  }

  private async scanThere(): Promise<void> {
    this.publish({ busy: true });
    for (let after = this.scanned; !this.capped; ) {
      const page = await this.server(this.query, after, this.abort.signal);
      if (this.abort.signal.aborted) return;
      this.matches.push(...page.matches);
      // A page that stopped early ends at `next`; the last one went through `scanned` lines.
      this.scanned = Math.max(this.scanned, page.next === 0 ? after + page.scanned : page.next);
      if (page.next === 0 || page.next <= after) return;
      after = page.next;
      this.publish({ busy: true });
    }
  }

  private publish(change: Partial<FindState>): void {
    if (this.abort.signal.aborted) return;
    this.state = { ...this.state, matches: [...this.matches], capped: this.capped, ...change };
    this.report(this.state);
  }
}

/** What an error looks like, in the words that both this browser and the server understand. */
const ERROR_PATTERN = "^fatal: |^failed: |\\bERROR\\b|FAILED!|^Traceback |\\b[Ee][Rr][Rr][Oo][Rr]:";
const ERROR_LINE = new RegExp(ERROR_PATTERN);

export const ERROR_QUERY: FindQuery = { text: ERROR_PATTERN, regex: true, matchCase: true };

export function looksLikeError(text: string): boolean {
  return ERROR_LINE.test(plainText(text));
}

/** Number of the first line that looks like an error, 0 if there is none. */
export async function firstError(store: LogStore, server: ServerSearch, signal: AbortSignal): Promise<number> {
  const held = store.heldUntil(1);
  for (let seq = 1; seq <= held; seq++) {
    if (looksLikeError(store.text(seq) ?? "")) return seq;
    if (seq % 5000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (held >= store.total) return 0;
  for (let after = held; ; ) {
    const page = await server(ERROR_QUERY, after, signal);
    const first = page.matches[0];
    if (first !== undefined) return first;
    if (page.next <= after) return 0;
    after = page.next;
  }
}

/** The error before or after a line, going round at the ends; 0 if there is none. */
export async function nextError(store: LogStore, server: ServerSearch, from: number, by: 1 | -1): Promise<number> {
  let state = NOTHING;
  await new Finder(store, server, ERROR_QUERY, (next) => (state = next)).advance();
  if (state.error !== null) throw new Error(state.error);
  const { matches } = state;
  const found = by === 1 ? matches.find((seq) => seq > from) : matches.findLast((seq) => seq < from);
  return found ?? matches.at(by === 1 ? 0 : -1) ?? 0;
}
