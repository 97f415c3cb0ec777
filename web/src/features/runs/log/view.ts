/**
 * Draws the part of a log that is in view with about a screenful of recycled
 * rows. Owns the scroll position; React only hands it options. Everything that
 * changes asks for a paint, and there is at most one paint in a frame.
 */

import type { LogTheme } from "./colour";
import { newLines, nextFollow, type Follow } from "./follow";
import type { LineRange } from "./lines";
import type { Matcher } from "./pieces";
import { Row, SegmentCache, type RowContext, type RowTexts } from "./row";
import { Heights, ScrollMap } from "./scroll";
import type { LogStore } from "./store";
import type { TimeFormat } from "./times";
import classes from "./log.module.css";

export interface ViewOptions {
  readonly theme: LogTheme;
  readonly wrap: boolean;
  readonly time: TimeFormat | null;
  readonly matcher: Matcher | null;
  /** The line of the match or jump in focus. */
  readonly current: number;
  readonly range: LineRange | null;
  readonly texts: RowTexts;
}

export interface ViewCallbacks {
  readonly onFollow: (on: boolean, newLines: number) => void;
  readonly onPick: (seq: number, extend: boolean) => void;
}

const LINE = 18;
const OVERSCAN = 12;
const MAX_MOUNTED = 1500;
const REPORT_MS = 250;

export class LogView {
  private readonly spacer = document.createElement("div");
  private readonly layer = document.createElement("div");
  private readonly heights: { current: Heights } = { current: new Heights(LINE) };
  private readonly map = new ScrollMap();
  private readonly segments = new SegmentCache();
  private readonly expanded = new Set<number>();
  private readonly spare: Row[] = [];
  private rows: Row[] = [];
  private options: ViewOptions;
  private version = 0;
  private follow: Follow;
  /** A button or finger is down on the text: a selection may be beginning. */
  private pressed = false;
  private frame = 0;
  private width = 0;
  private settle = 0;
  private reported: { on: boolean; lines: number; at: number };
  private readonly teardown: (() => void)[] = [];

  constructor(
    private readonly host: HTMLElement,
    private readonly store: LogStore,
    options: ViewOptions,
    private readonly callbacks: ViewCallbacks,
    following: boolean,
  ) {
    this.options = options;
    this.follow = { on: following, seen: store.total };
    this.reported = { on: following, lines: 0, at: 0 };
    this.spacer.className = classes.spacer;
    this.layer.className = classes.layer;
    this.spacer.append(this.layer);
    host.replaceChildren(this.spacer);
    this.applyOptions();
    this.listen();
    this.paintSoon();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.settle);
    for (const undo of this.teardown) undo();
    this.host.replaceChildren();
  }

  setOptions(options: ViewOptions): void {
    const before = this.options;
    this.options = options;
    if (before.wrap !== options.wrap) this.forgetHeights();
    const looks = (o: ViewOptions) => [o.theme, o.time, o.matcher, o.texts];
    if (looks(before).some((value, i) => value !== looks(options)[i])) this.version++;
    this.applyOptions();
    this.paintSoon();
  }

  setFollow(on: boolean): void {
    this.follow = nextFollow(this.follow, { kind: on ? "resume" : "leave", total: this.store.total });
    this.paintSoon();
  }

  /** Shows a line in the middle of the view. */
  goTo(seq: number): void {
    this.setFollow(false);
    this.measureBox();
    const index = Math.max(0, Math.min(seq, this.store.total) - 1);
    const middle = this.heights.current.top(index) - this.host.clientHeight / 2 + LINE;
    this.moveTo(middle);
    this.paintSoon();
  }

  goToStart(): void {
    this.setFollow(false);
    this.moveTo(0);
    this.paintSoon();
  }

  /** Number of the line at the top of the view. */
  get topLine(): number {
    return this.heights.current.at(this.map.position) + 1;
  }

  /** Numbers of the lines that the reader's text selection touches. */
  get selectedLines(): LineRange | null {
    const selection = document.getSelection();
    if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return null;
    const hit = this.rows.filter((row) => selection.containsNode(row.element, true));
    const first = hit[0];
    const last = hit.at(-1);
    return first === undefined || last === undefined ? null : { from: first.seq, to: last.seq };
  }

  private listen(): void {
    const on = (target: EventTarget, type: string, handler: (event: never) => void, options?: AddEventListenerOptions) => {
      target.addEventListener(type, handler as EventListener, options);
      this.teardown.push(() => {
        target.removeEventListener(type, handler as EventListener, options);
      });
    };
    on(this.host, "scroll", () => this.onScroll(), { passive: true });
    on(this.host, "click", (event: MouseEvent) => this.onClick(event));
    on(this.host, "pointerdown", () => (this.pressed = true));
    for (const end of ["pointerup", "pointercancel"]) {
      on(window, end, () => {
        this.pressed = false;
        this.paintSoon();
      });
    }
    on(this.host, "keydown", (event: KeyboardEvent) => this.onKey(event));
    this.teardown.push(this.store.subscribe(() => this.paintSoon()));
    const resized = new ResizeObserver(() => {
      if (this.options.wrap && Math.abs(this.host.clientWidth - this.width) > 1) this.forgetHeights();
      this.width = this.host.clientWidth;
      this.paintSoon();
    });
    resized.observe(this.host);
    this.teardown.push(() => resized.disconnect());
  }

  private onScroll(): void {
    const bar = this.host.scrollTop;
    // Our own changes of the scroll bar come back as events too.
    if (Math.abs(bar - (this.map.position + this.map.shift)) < 1) return;
    const before = this.map.position;
    this.map.scrolled(bar);
    this.follow = nextFollow(this.follow, {
      kind: "scrolled",
      up: this.map.position < before,
      atEnd: this.map.atEnd,
      total: this.store.total,
    });
    this.paintSoon();
    window.clearTimeout(this.settle);
    // Once the reader rests, put the bar where it belongs for the position.
    if (this.map.scaled) this.settle = window.setTimeout(() => this.moveTo(this.map.position), 200);
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const seq = Number(target.closest<HTMLElement>("[data-seq]")?.dataset.seq ?? 0);
    if (seq === 0) return;
    if (target.dataset.action === "show-all") {
      this.expanded.add(seq);
      this.version++;
      this.paintSoon();
    } else if (target.classList.contains(classes.number) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      document.getSelection()?.removeAllRanges();
      this.callbacks.onPick(seq, event.shiftKey);
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const focused = Number((event.target as HTMLElement).closest<HTMLElement>("[data-seq]")?.dataset.seq ?? 0);
    if (step !== 0) {
      event.preventDefault();
      this.focusLine(focused === 0 ? this.topLine : focused + step);
    } else if (event.key === "Enter" && focused > 0) {
      event.preventDefault();
      this.callbacks.onPick(focused, event.shiftKey);
    } else if (event.key === "End") {
      event.preventDefault();
      this.setFollow(true);
    } else if (event.key === "Home") {
      event.preventDefault();
      this.goToStart();
    }
  }

  private focusLine(seq: number): void {
    const wanted = Math.max(1, Math.min(seq, this.store.total));
    const top = this.heights.current.top(wanted - 1);
    const bottom = top + this.heights.current.height(wanted - 1);
    if (top < this.map.position) {
      this.setFollow(false);
      this.moveTo(top);
    } else if (bottom > this.map.position + this.host.clientHeight) {
      this.moveTo(bottom - this.host.clientHeight);
    }
    this.paint();
    this.rows.find((row) => row.seq === wanted)?.focus(this.options.texts);
  }

  private paintSoon(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    this.measureBox();
    const held = this.pressed || this.selecting;
    if (this.follow.on && !held) this.moveTo(this.map.end);
    this.mountRange(held);
    this.place();
    if (this.options.wrap) this.measureRows(held);
    this.report();
  }

  /** Tells the scroll arithmetic how long the log and how tall the view are. */
  private measureBox(): void {
    this.heights.current.count = this.store.total;
    this.map.resize(this.heights.current.total, this.host.clientHeight);
    this.spacer.style.height = `${String(this.map.height)}px`;
  }

  private mountRange(held: boolean): void {
    const heights = this.heights.current;
    const total = this.store.total;
    if (total === 0) {
      this.unmount(this.rows.splice(0));
      return;
    }
    let first = Math.max(1, heights.at(this.map.position) + 1 - OVERSCAN);
    let last = Math.min(total, heights.at(this.map.position + this.host.clientHeight) + 1 + OVERSCAN);
    this.store.ensure(first, last);
    const [a, b] = [this.rows[0]?.seq ?? 0, this.rows.at(-1)?.seq ?? -1];
    const touching = first <= b + 1 && last >= a - 1;
    // While text is selected its rows stay, or the selection would be lost.
    if (held && touching && Math.max(last, b) - Math.min(first, a) < MAX_MOUNTED) {
      first = Math.min(first, a);
      last = Math.max(last, b);
    }
    this.mount(first, last);
  }

  /** Makes the mounted rows exactly those of a range, in document order, reusing nodes. */
  private mount(first: number, last: number): void {
    const inside = (row: Row) => row.seq >= first && row.seq <= last;
    const leaving = this.rows.filter((row) => !inside(row));
    this.rows = this.rows.filter(inside);
    this.unmount(leaving);
    const head = this.rows[0];
    const tail = this.rows.at(-1)?.seq ?? first - 1;
    const before: Row[] = [];
    if (head !== undefined) {
      for (let seq = first; seq < head.seq; seq++) before.push(this.take(seq));
      head.element.before(...before.map((row) => row.element));
    }
    const after: Row[] = [];
    for (let seq = tail + 1; seq <= last; seq++) after.push(this.take(seq));
    this.layer.append(...after.map((row) => row.element));
    this.rows = [...before, ...this.rows, ...after];
    for (const row of this.rows) this.bind(row);
  }

  private take(seq: number): Row {
    const row = this.spare.pop() ?? new Row();
    row.seq = seq;
    return row;
  }

  private unmount(rows: Row[]): void {
    for (const row of rows) {
      if (row.element.contains(document.activeElement)) this.host.focus({ preventScroll: true });
      row.element.remove();
      if (this.spare.length < 200) this.spare.push(row);
    }
  }

  private bind(row: Row): void {
    const line = this.store.line(row.seq);
    const segments = line === undefined ? [] : this.segments.get(line);
    const { theme, time, matcher, texts, range, current } = this.options;
    const on: RowContext = { theme, time, matcher, texts };
    row.bind(row.seq, line, segments, this.expanded.has(row.seq), this.version, on);
    row.mark(range !== null && row.seq >= range.from && row.seq <= range.to, row.seq === current);
  }

  private place(): void {
    const first = this.rows[0]?.seq ?? 1;
    this.layer.style.top = `${String(this.heights.current.top(first - 1) + this.map.shift)}px`;
  }

  /** Learns the heights of wrapped rows; the line at the top of the view stays where it is. */
  private measureRows(held: boolean): void {
    const heights = this.heights.current;
    const anchor = heights.at(this.map.position);
    const into = this.map.position - heights.top(anchor);
    let changed = false;
    for (const row of this.rows) {
      const height = row.element.offsetHeight;
      if (height > 0 && heights.measure(row.seq - 1, height) !== 0) changed = true;
    }
    if (!changed) return;
    this.measureBox();
    this.moveTo(this.follow.on && !held ? this.map.end : heights.top(anchor) + into);
    this.place();
    // Taller rows than expected leave fewer in view, shorter ones more: look again.
    this.paintSoon();
  }

  private moveTo(position: number): void {
    const bar = this.map.moveTo(position);
    if (Math.abs(this.host.scrollTop - bar) >= 0.5) this.host.scrollTop = bar;
    this.map.barIs(this.host.scrollTop);
  }

  private forgetHeights(): void {
    const line = this.heights.current.at(this.map.position);
    this.heights.current = new Heights(LINE);
    this.heights.current.count = this.store.total;
    this.measureBox();
    this.moveTo(this.heights.current.top(line));
  }

  private applyOptions(): void {
    this.host.dataset.wrap = String(this.options.wrap);
    const digits = Math.max(3, String(this.store.total).length);
    this.host.style.setProperty("--number-width", `${String(digits + 1)}ch`);
  }

  private get selecting(): boolean {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && this.host.contains(selection.anchorNode);
  }

  private report(): void {
    const lines = newLines(this.follow, this.store.total);
    const digits = Math.max(3, String(this.store.total).length);
    this.host.style.setProperty("--number-width", `${String(digits + 1)}ch`);
    const { reported } = this;
    if (reported.on === this.follow.on && reported.lines === lines) return;
    const now = performance.now();
    if (reported.on === this.follow.on && now - reported.at < REPORT_MS) {
      window.setTimeout(() => this.paintSoon(), REPORT_MS);
      return;
    }
    this.reported = { on: this.follow.on, lines, at: now };
    this.callbacks.onFollow(this.follow.on, lines);
  }
}
