export interface Position {
  readonly row: number;
  readonly column: number;
}

const PAGE = 10;

/** Where a key leads inside a grid; null for keys that do not move. `far` goes to the very ends. */
export function move(key: string, at: Position, size: { rows: number; columns: number }, far: boolean): Position | null {
  const row = (to: number) => ({ ...at, row: Math.max(0, Math.min(size.rows - 1, to)) });
  const column = (to: number) => ({ ...at, column: Math.max(0, Math.min(size.columns - 1, to)) });
  switch (key) {
    case "ArrowUp":
      return row(far ? 0 : at.row - 1);
    case "ArrowDown":
      return row(far ? size.rows : at.row + 1);
    case "ArrowLeft":
      return column(far ? 0 : at.column - 1);
    case "ArrowRight":
      return column(far ? size.columns : at.column + 1);
    case "PageUp":
      return row(at.row - PAGE);
    case "PageDown":
      return row(at.row + PAGE);
    case "Home":
      return far ? { row: 0, column: 0 } : column(0);
    case "End":
      return far ? { row: size.rows - 1, column: size.columns - 1 } : column(size.columns);
    default:
      return null;
  }
}
