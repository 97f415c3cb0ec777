/** Cuts a parsed line where search matches and web addresses begin and end. */

import type { Segment, Style } from "./ansi";

export interface Piece {
  readonly text: string;
  readonly style: Style | null;
  readonly mark: boolean;
  readonly href: string | null;
}

/** Where a text matches, as [from, to) pairs in order. */
export type Matcher = (text: string) => [number, number][];

export const CUT_AT = 4000;
const MAX_MARKS = 500;
const URL = /https?:\/\/[^\s"'<>`\\^{|}]+/g;

interface Span {
  readonly from: number;
  readonly to: number;
  readonly href: string | null;
}

export function toPieces(segments: readonly Segment[], matcher: Matcher | null, cut: number): Piece[] {
  const text = segments.map((s) => s.text).join("").slice(0, cut);
  const links = findLinks(text);
  const marks = matcher === null ? [] : matcher(text).slice(0, MAX_MARKS);
  const pieces: Piece[] = [];
  let start = 0;
  for (const { text: own, style } of segments) {
    const end = Math.min(start + own.length, text.length);
    for (const [from, to] of slices(start, end, marks, links)) {
      pieces.push({
        text: text.slice(from, to),
        style,
        mark: marks.some(([a, b]) => from >= a && to <= b),
        href: links.find((link) => from >= link.from && to <= link.to)?.href ?? null,
      });
    }
    start += own.length;
    if (start >= text.length) break;
  }
  return pieces;
}

function slices(start: number, end: number, marks: [number, number][], links: Span[]): [number, number][] {
  if (start >= end) return [];
  const borders = new Set([start, end]);
  const add = (at: number) => {
    if (at > start && at < end) borders.add(at);
  };
  for (const [a, b] of marks) {
    add(a);
    add(b);
  }
  for (const link of links) {
    add(link.from);
    add(link.to);
  }
  const sorted = [...borders].sort((a, b) => a - b);
  return sorted.slice(1).map((to, i) => [sorted[i] ?? start, to]);
}

function findLinks(text: string): Span[] {
  if (!text.includes("://")) return [];
  const links: Span[] = [];
  for (const match of text.matchAll(URL)) {
    // A closing bracket or a full stop after an address belongs to the sentence.
    const address = match[0].replace(/[.,;:!?)\]]+$/, "");
    links.push({ from: match.index, to: match.index + address.length, href: address });
  }
  return links;
}
