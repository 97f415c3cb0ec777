/**
 * The lines of one run, of which only the windows in use are held.
 *
 * Lines are known by their sequence number, which starts at 1 and has no gaps.
 * Windows are fetched on demand and dropped again when they are far from the
 * reader and the ceiling is reached; live lines are appended as they arrive.
 */

import { Block, BLOCK_LINES, blockOf, type LogLine } from "./block";

export interface LogWindow {
  readonly total: number;
  readonly complete: boolean;
  readonly lines: readonly LogLine[];
}

export type WindowQuery =
  | { readonly after: number; readonly limit: number }
  | { readonly tail: number };

export type FetchWindow = (query: WindowQuery, signal: AbortSignal) => Promise<LogWindow>;

export interface LogStoreOptions {
  readonly ceiling?: number;
  readonly retryMs?: number;
}

const CEILING = 96 * 1024 * 1024;
const RETRY_MS = 2000;

export class LogStore {
  /** Lines known to exist, held or not. */
  total = 0;
  complete = false;
  /** The last failure to fetch a window, cleared by the next success. */
  failure: unknown = null;

  private readonly blocks = new Map<number, Block>();
  private readonly pending = new Set<number>();
  private readonly failedAt = new Map<number, number>();
  private readonly listeners = new Set<() => void>();
  private readonly abort = new AbortController();
  private readonly ceiling: number;
  private readonly retryMs: number;
  private tick = 0;

  constructor(
    private readonly fetchWindow: FetchWindow,
    options: LogStoreOptions = {},
  ) {
    this.ceiling = options.ceiling ?? CEILING;
    this.retryMs = options.retryMs ?? RETRY_MS;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.abort.abort();
    this.listeners.clear();
  }

  /** Loads the end of the log, which also tells how long it is. */
  async open(): Promise<void> {
    await this.load({ tail: BLOCK_LINES });
  }

  /** Asks for lines after the last known one; for when none arrive by themselves. */
  poll(): void {
    this.load({ after: this.total, limit: BLOCK_LINES }).catch(() => undefined);
  }

  /** Asks for what is missing between two lines; what arrives is announced. */
  ensure(from: number, to: number): void {
    const low = Math.max(1, from);
    const high = Math.min(to, this.total);
    for (let index = blockOf(low); low <= high && index <= blockOf(high); index++) {
      const block = this.blocks.get(index);
      if (block !== undefined) block.used = ++this.tick;
      for (const [a, b] of this.missing(index)) {
        if (a <= high && b >= low) void this.fetchBlock(index, a, b);
      }
    }
  }

  /** The whole of a range as text, fetched where it is not held. */
  async read(from: number, to: number, signal?: AbortSignal): Promise<string[]> {
    const out: string[] = [];
    let seq = Math.max(1, from);
    while (seq <= Math.min(to, this.total)) {
      const held = this.text(seq);
      if (held !== undefined) {
        out.push(held);
        seq++;
        continue;
      }
      signal?.throwIfAborted();
      const limit = Math.min(to - seq + 1, BLOCK_LINES);
      const page = await this.fetchWindow({ after: seq - 1, limit }, signal ?? this.abort.signal);
      if (page.lines.length === 0) break;
      for (const line of page.lines) out.push(line.text);
      seq += page.lines.length;
    }
    return out;
  }

  /** Takes lines from the socket. Lines already held are skipped; after a gap only the count is kept. */
  append(lines: readonly LogLine[]): void {
    if (lines.length === 0) return;
    for (const line of lines) this.add(line);
    this.total = Math.max(this.total, lines.at(-1)?.seq ?? 0);
    this.trim();
    this.announce();
  }

  /** The server says that nothing will be added. */
  end(total: number): void {
    this.total = Math.max(this.total, total);
    this.complete = true;
    this.announce();
  }

  text(seq: number): string | undefined {
    const block = this.blocks.get(blockOf(seq));
    return block?.has(seq) === true ? block.textOf(seq) : undefined;
  }

  line(seq: number): LogLine | undefined {
    return this.blocks.get(blockOf(seq))?.line(seq);
  }

  time(seq: number): number | undefined {
    const block = this.blocks.get(blockOf(seq));
    return block?.has(seq) === true ? block.timeOf(seq) : undefined;
  }

  /** Every line from 1 to the end is held. */
  get wholeLogHeld(): boolean {
    let held = 0;
    for (const block of this.blocks.values()) held += block.count;
    return held === this.total;
  }

  /** Number of the last line up to which the log is held without a hole from `from` on. */
  heldUntil(from: number): number {
    let seq = from;
    for (;;) {
      const block = this.blocks.get(blockOf(seq));
      if (block?.has(seq) !== true) return seq - 1;
      seq = block.next;
    }
  }

  get heldBytes(): number {
    let bytes = 0;
    for (const block of this.blocks.values()) bytes += block.size;
    return bytes;
  }

  private add(line: LogLine): boolean {
    const index = blockOf(line.seq);
    let block = this.blocks.get(index);
    if (block === undefined) {
      block = new Block(index, line.seq);
      this.blocks.set(index, block);
    }
    if (line.seq !== block.next) return false;
    block.append(line);
    block.used = ++this.tick;
    return true;
  }

  /** What a block lacks of its part of the log: at most a stretch before and one after what it holds. */
  private missing(index: number): [number, number][] {
    const from = index * BLOCK_LINES + 1;
    const to = Math.min(from + BLOCK_LINES - 1, this.total);
    const block = this.blocks.get(index);
    if (block === undefined) return from <= to ? [[from, to]] : [];
    const holes: [number, number][] = [];
    if (block.first > from) holes.push([from, block.first - 1]);
    if (block.next <= to) holes.push([block.next, to]);
    return holes;
  }

  private async fetchBlock(index: number, from: number, to: number): Promise<void> {
    const failed = this.failedAt.get(index);
    if (this.pending.has(index)) return;
    if (failed !== undefined && Date.now() - failed < this.retryMs) return;
    this.pending.add(index);
    try {
      await this.load({ after: from - 1, limit: to - from + 1 });
      this.failedAt.delete(index);
    } catch {
      this.failedAt.set(index, Date.now());
      // Whoever still looks at these lines asks again then.
      setTimeout(() => this.announce(), this.retryMs + 1);
    } finally {
      this.pending.delete(index);
    }
  }

  private async load(query: WindowQuery): Promise<void> {
    try {
      const page = await this.fetchWindow(query, this.abort.signal);
      if (this.abort.signal.aborted) return;
      this.failure = null;
      this.merge(page);
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.failure = error;
      this.announce();
      throw error;
    }
  }

  private merge(page: LogWindow): void {
    this.total = Math.max(this.total, page.total, page.lines.at(-1)?.seq ?? 0);
    if (page.complete) this.complete = true;
    for (let i = 0; i < page.lines.length; ) {
      const index = blockOf(page.lines[i]?.seq ?? 1);
      let end = i;
      while (end < page.lines.length && blockOf(page.lines[end]?.seq ?? 1) === index) end++;
      this.mergeBlock(index, page.lines.slice(i, end));
      i = end;
    }
    this.trim();
    this.announce();
  }

  private mergeBlock(index: number, lines: readonly LogLine[]): void {
    const block = this.blocks.get(index);
    const head = lines[0];
    if (head === undefined) return;
    if (block !== undefined && head.seq < block.first) {
      const before = lines.filter((line) => line.seq < block.first);
      if (before.at(-1)?.seq === block.first - 1) block.prepend(before);
    }
    for (const line of lines) this.add(line);
  }

  /** Drops the blocks used longest ago until the rest fits. */
  private trim(): void {
    let held = this.heldBytes;
    if (held <= this.ceiling) return;
    const oldest = [...this.blocks].sort(([, a], [, b]) => a.used - b.used);
    for (const [index, block] of oldest.slice(0, -2)) {
      if (held <= this.ceiling) return;
      this.blocks.delete(index);
      held -= block.size;
    }
  }

  private announce(): void {
    for (const listener of this.listeners) listener();
  }
}
