/**
 * Arithmetic of the log's scrolling: where lines are, and how a scroll bar of
 * limited length covers them all.
 */

/** Browsers cap an element's height (Chromium near 33 M px, others lower); stay well below. */
export const MAX_HEIGHT = 15_000_000;

/**
 * Heights of lines: all alike until measured. Corrections are kept in a Fenwick
 * tree, so a million lines cost nothing until wrapping makes some taller.
 */
export class Heights {
  count = 0;
  private heights: Float32Array | null = null;
  private tree = new Float64Array(1);

  constructor(readonly line: number) {}

  get total(): number {
    return this.top(this.count);
  }

  /** Distance from the first line's top to the top of the line with this index. */
  top(index: number): number {
    const i = Math.max(0, Math.min(index, this.count));
    return i * this.line + this.corrections(i);
  }

  height(index: number): number {
    const measured = this.heights?.[index];
    return measured === undefined || measured === 0 ? this.line : measured;
  }

  /** Notes a measured height; answers by how much the total changed. */
  measure(index: number, height: number): number {
    if (index < 0 || index >= this.count) return 0;
    const change = height - this.height(index);
    if (Math.abs(change) < 0.25) return 0;
    this.reserve();
    if (this.heights !== null) this.heights[index] = height;
    for (let i = index + 1; i < this.tree.length; i += i & -i) this.tree[i] = (this.tree[i] ?? 0) + change;
    return change;
  }

  /** Index of the line that covers a distance from the top. */
  at(y: number): number {
    if (this.count === 0 || y <= 0) return 0;
    if (this.heights === null) return Math.min(this.count - 1, Math.floor(y / this.line));
    let index = 0;
    let left = y;
    for (let step = this.tree.length >> 1; step > 0; step >>= 1) {
      const next = index + step;
      if (next >= this.tree.length) continue;
      const span = step * this.line + (this.tree[next] ?? 0);
      if (span <= left) {
        index = next;
        left -= span;
      }
    }
    return Math.min(this.count - 1, index);
  }

  private corrections(count: number): number {
    if (this.heights === null) return 0;
    let sum = 0;
    for (let i = Math.min(count, this.tree.length - 1); i > 0; i -= i & -i) sum += this.tree[i] ?? 0;
    return sum;
  }

  /** Makes room for corrections to all lines there are; the tree's length is one more than a power of two. */
  private reserve(): void {
    if (this.heights !== null && this.heights.length >= this.count) return;
    let size = Math.max(1024, this.heights?.length ?? 0);
    while (size < this.count) size *= 2;
    const grown = new Float32Array(size);
    if (this.heights !== null) grown.set(this.heights);
    this.heights = grown;
    this.tree = new Float64Array(size + 1);
    for (let i = 0; i < size; i++) {
      const own = grown[i] === 0 || grown[i] === undefined ? 0 : grown[i]! - this.line;
      const node = i + 1;
      this.tree[node] = (this.tree[node] ?? 0) + own;
      const parent = node + (node & -node);
      if (parent <= size) this.tree[parent] = (this.tree[parent] ?? 0) + (this.tree[node] ?? 0);
    }
  }
}

/**
 * Maps the scroll bar to the content. As long as the content fits into an
 * element the two are the same. Beyond that the bar covers the content in
 * proportion, while small movements (wheel, keys, touch) still move the content
 * pixel by pixel.
 */
export class ScrollMap {
  /** Distance of the view's top from the content's top. */
  position = 0;
  private bar = 0;
  private content = 0;
  private view = 0;

  constructor(private readonly limit = MAX_HEIGHT) {}

  /** Height of the element that gives the scroll bar its length. */
  get height(): number {
    return Math.min(this.content, this.limit);
  }

  get end(): number {
    return Math.max(0, this.content - this.view);
  }

  get scaled(): boolean {
    return this.content > this.limit;
  }

  get atEnd(): boolean {
    return this.end - this.position < 2;
  }

  /** Where the scroll bar belongs for the current position. */
  get wantedBar(): number {
    if (!this.scaled) return this.position;
    return (this.position / this.end) * this.barEnd;
  }

  private get barEnd(): number {
    return Math.max(0, this.height - this.view);
  }

  resize(content: number, view: number): void {
    this.content = content;
    this.view = view;
    this.position = clamp(this.position, this.end);
  }

  /** The reader moved the scroll bar (by whatever means) to `bar`. */
  scrolled(bar: number): void {
    const moved = bar - this.bar;
    this.bar = bar;
    if (!this.scaled) this.position = clamp(bar, this.end);
    else if (bar <= 0) this.position = 0;
    else if (bar >= this.barEnd - 1) this.position = this.end;
    else if (Math.abs(moved) <= this.view * 1.5) this.position = clamp(this.position + moved, this.end);
    else this.position = (bar / this.barEnd) * this.end;
  }

  /** We move the view; answers where to put the scroll bar. */
  moveTo(position: number): number {
    this.position = clamp(position, this.end);
    return this.wantedBar;
  }

  /** We set the scroll bar; the browser may have rounded what we asked for. */
  barIs(bar: number): void {
    this.bar = bar;
  }

  /** Shift from content coordinates to those inside the element. */
  get shift(): number {
    return this.bar - this.position;
  }
}

function clamp(value: number, end: number): number {
  return Math.max(0, Math.min(value, end));
}
