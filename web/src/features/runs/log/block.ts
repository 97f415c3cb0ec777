/** One stretch of a log: the text of up to `BLOCK_LINES` lines and where each begins. */

export const BLOCK_LINES = 2000;

export interface LogLine {
  readonly seq: number;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The line was cut because it is very long; the next number continues it. */
  readonly partial: boolean;
}

export function blockOf(seq: number): number {
  return Math.floor((seq - 1) / BLOCK_LINES);
}

/**
 * Holds a run of consecutive lines inside the block's span. The text is one
 * string; offsets, times and flags are typed arrays, so a line costs 13 bytes
 * plus its text and no object.
 */
export class Block {
  /** Number of the first and of the last line of the block's span. */
  readonly from: number;
  readonly to: number;
  /** Lines held: `first` to `next - 1`. */
  first: number;
  next: number;
  /** Tick of the last use, for dropping far blocks. */
  used = 0;

  private text = "";
  private readonly offsets = new Uint32Array(BLOCK_LINES + 1);
  private readonly times = new Float64Array(BLOCK_LINES);
  private readonly partial = new Uint8Array(BLOCK_LINES);

  constructor(index: number, first: number) {
    this.from = index * BLOCK_LINES + 1;
    this.to = this.from + BLOCK_LINES - 1;
    this.first = first;
    this.next = first;
  }

  get count(): number {
    return this.next - this.first;
  }

  /** Rough bytes held; strings count two bytes a character at worst, one for Latin text. */
  get size(): number {
    return this.text.length + BLOCK_LINES * 13;
  }

  has(seq: number): boolean {
    return seq >= this.first && seq < this.next;
  }

  /** Adds the line that follows the last one held. */
  append(line: LogLine): void {
    const i = line.seq - this.from;
    if (this.count === 0) this.offsets[i] = 0;
    this.text += line.text;
    this.offsets[i + 1] = this.text.length;
    this.times[i] = line.time;
    this.partial[i] = line.partial ? 1 : 0;
    this.next = line.seq + 1;
  }

  /** Puts lines before those held; the last of them must be the one before `first`. */
  prepend(lines: readonly LogLine[]): void {
    const head = lines[0];
    if (head === undefined) return;
    const kept = this.lines();
    this.text = "";
    this.first = head.seq;
    this.next = head.seq;
    for (const line of lines) this.append(line);
    for (const line of kept) this.append(line);
  }

  line(seq: number): LogLine | undefined {
    if (!this.has(seq)) return undefined;
    const i = seq - this.from;
    return { seq, text: this.textOf(seq), time: this.times[i] ?? 0, partial: this.partial[i] === 1 };
  }

  textOf(seq: number): string {
    const i = seq - this.from;
    return this.text.slice(this.offsets[i], this.offsets[i + 1]);
  }

  timeOf(seq: number): number {
    return this.times[seq - this.from] ?? 0;
  }

  private lines(): LogLine[] {
    const all: LogLine[] = [];
    for (let seq = this.first; seq < this.next; seq++) {
      const line = this.line(seq);
      if (line !== undefined) all.push(line);
    }
    return all;
  }
}
