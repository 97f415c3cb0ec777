/** Links to lines (`#L120` or `#L120-L140`) and ranges of them. */

export interface LineRange {
  readonly from: number;
  readonly to: number;
}

export function parseLineHash(hash: string): LineRange | null {
  const match = /^#?L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash);
  if (match === null) return null;
  const a = Number(match[1]);
  const b = match[2] === undefined ? a : Number(match[2]);
  return a < 1 || b < 1 ? null : { from: Math.min(a, b), to: Math.max(a, b) };
}

export function lineHash({ from, to }: LineRange): string {
  return from === to ? `L${String(from)}` : `L${String(from)}-L${String(to)}`;
}

/** What a click on a line number selects: the line, or with shift the stretch from the earlier choice. */
export function pickLines(before: LineRange | null, seq: number, extend: boolean): LineRange {
  if (!extend || before === null) return { from: seq, to: seq };
  return seq < before.from ? { from: seq, to: before.to } : { from: before.from, to: seq };
}
