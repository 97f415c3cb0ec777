/** One recycled row of the log view. Text reaches the page as text nodes only. */

import { parseAnsi, type Segment } from "./ansi";
import { paintFor, type LogTheme } from "./colour";
import { CUT_AT, toPieces, type Matcher, type Piece } from "./pieces";
import type { LogLine } from "./block";
import type { TimeFormat } from "./times";
import classes from "./log.module.css";

export interface RowTexts {
  readonly showAll: (hidden: number) => string;
  readonly continues: string;
  readonly loading: string;
  readonly lineLink: (seq: number) => string;
}

export interface RowContext {
  readonly theme: LogTheme;
  readonly time: TimeFormat | null;
  readonly matcher: Matcher | null;
  readonly texts: RowTexts;
}

export class Row {
  readonly element = document.createElement("div");
  seq = 0;
  private readonly number = document.createElement("a");
  private readonly time = document.createElement("span");
  private readonly text = document.createElement("span");
  private shown = "";

  constructor() {
    this.element.className = classes.row;
    this.number.className = classes.number;
    this.number.tabIndex = -1;
    this.number.draggable = false;
    this.time.className = classes.time;
    this.text.className = classes.text;
    this.text.dir = "ltr";
    this.element.append(this.number, this.time, this.text);
  }

  /** Shows a line. `version` changes when anything but the line would make the row look different. */
  bind(seq: number, line: LogLine | undefined, segments: readonly Segment[], expanded: boolean, version: number, on: RowContext) {
    const key = `${String(seq)}:${line === undefined ? "-" : "+"}:${expanded ? "e" : ""}:${String(version)}`;
    if (key === this.shown) return;
    this.shown = key;
    this.seq = seq;
    this.element.dataset.seq = String(seq);
    this.number.textContent = String(seq);
    this.number.removeAttribute("aria-label");
    // The full address: a bare fragment would be resolved against <base href>.
    this.number.href = `${location.pathname}${location.search}#L${String(seq)}`;
    this.time.hidden = on.time === null;
    this.time.textContent = on.time === null || line === undefined ? "" : on.time(line.time);
    this.text.replaceChildren();
    if (line === undefined) {
      this.text.append(on.texts.loading);
      this.text.classList.add(classes.missing);
      return;
    }
    this.text.classList.remove(classes.missing);
    this.fill(line, segments, expanded, on);
  }

  mark(selected: boolean, current: boolean) {
    this.element.classList.toggle(classes.selected, selected);
    this.element.classList.toggle(classes.current, current);
  }

  /** The spoken name is given only now: making it for every row drawn would cost more than drawing. */
  focus(texts: RowTexts) {
    this.number.setAttribute("aria-label", texts.lineLink(this.seq));
    this.number.focus({ preventScroll: true });
  }

  private fill(line: LogLine, segments: readonly Segment[], expanded: boolean, on: RowContext) {
    const length = segments.reduce((sum, s) => sum + s.text.length, 0);
    const cut = expanded ? length : CUT_AT;
    for (const piece of toPieces(segments, on.matcher, cut)) this.text.append(node(piece, on.theme));
    if (length > cut) this.text.append(showAllButton(length - cut, on.texts));
    if (line.partial) {
      const mark = document.createElement("span");
      mark.className = classes.continues;
      mark.title = on.texts.continues;
      mark.textContent = "\u21a9";
      this.text.append(mark);
    }
  }
}

function showAllButton(hidden: number, texts: RowTexts): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = classes.showAll;
  button.dataset.action = "show-all";
  button.textContent = texts.showAll(hidden);
  return button;
}

function node(piece: Piece, theme: LogTheme): Node {
  if (piece.style === null && !piece.mark && piece.href === null) return document.createTextNode(piece.text);
  const element = piece.mark ? document.createElement("mark") : shell(piece.href);
  element.textContent = piece.text;
  if (piece.mark) {
    element.className = classes.match;
    return element;
  }
  if (piece.style !== null) decorate(element, piece.style, theme);
  return element;
}

function shell(href: string | null): HTMLElement {
  if (href === null) return document.createElement("span");
  const link = document.createElement("a");
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.className = classes.link;
  return link;
}

function decorate(element: HTMLElement, style: NonNullable<Piece["style"]>, theme: LogTheme) {
  if (style.symbol === true) {
    element.classList.add(classes.symbol);
    return;
  }
  const paint = paintFor(style, theme);
  if (paint.color !== undefined) element.style.color = paint.color;
  if (paint.background !== undefined) element.style.backgroundColor = paint.background;
  if (style.bold === true) element.style.fontWeight = "700";
  if (style.italic === true) element.style.fontStyle = "italic";
  const lines = [style.underline === true ? "underline" : "", style.strike === true ? "line-through" : ""];
  const decoration = lines.filter((l) => l !== "").join(" ");
  if (decoration !== "") element.style.textDecoration = decoration;
}

/** Parsed lines, kept while they are near the view. */
export class SegmentCache {
  private readonly cache = new Map<number, Segment[]>();

  constructor(private readonly limit = 3000) {}

  get(line: LogLine): Segment[] {
    const known = this.cache.get(line.seq);
    if (known !== undefined) return known;
    if (this.cache.size >= this.limit) this.cache.clear();
    const segments = parseAnsi(line.text);
    this.cache.set(line.seq, segments);
    return segments;
  }
}
