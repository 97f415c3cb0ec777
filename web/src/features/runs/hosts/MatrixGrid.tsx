import { useElementSize, useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type MouseEvent, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatDuration } from "@/lib/format";
import classes from "./hosts.module.css";
import { cellState, type Column, type Grid, type Row, type State } from "./matrix";
import { move } from "./move";
import { StateMark, useStateWord } from "./StateMark";

interface Props {
  readonly grid: Grid;
  readonly onOpen: (host: string, task: number) => void;
}

const ROW = 32;
const NARROW = 34;
const WIDEST = 180;
/** From this width on names of tasks stand upright. */
const READABLE = 96;

/** Hosts and tasks with a cell for each result; only what is on the screen is drawn. */
export function MatrixGrid({ grid, onOpen }: Props) {
  const { t } = useTranslation("engine");
  const phone = useMediaQuery("(max-width: 767px)", undefined, { getInitialValueInEffect: false });
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: frame, width } = useElementSize();
  const id = useId();
  const hostWidth = phone ? 132 : 260;
  const columnWidth = Math.floor(Math.min(WIDEST, Math.max(NARROW, (width - hostWidth - 20) / Math.max(1, grid.columns.length))));
  const upright = columnWidth >= READABLE;
  const head = upright ? 44 : 148;

  // eslint-disable-next-line react-hooks/incompatible-library -- nothing that the virtualizer returns is memoised here
  const rows = useVirtualizer({
    count: grid.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
    scrollPaddingStart: head,
  });
  const columns = useVirtualizer({
    horizontal: true,
    count: grid.columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => columnWidth,
    overscan: 4,
    scrollPaddingStart: hostWidth,
    getItemKey: (index) => `${String(index)}-${String(columnWidth)}`,
  });
  const [at, setAt] = useState({ row: 0, column: 0 });
  const row = Math.min(at.row, grid.rows.length - 1);
  const column = Math.min(at.column, grid.columns.length - 1);

  const go = (next: { row: number; column: number }) => {
    setAt(next);
    rows.scrollToIndex(next.row);
    columns.scrollToIndex(next.column);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(row, column);
      return;
    }
    const next = move(event.key, { row, column }, { rows: grid.rows.length, columns: grid.columns.length }, event.ctrlKey || event.metaKey);
    if (next === null) return;
    event.preventDefault();
    go(next);
  };
  const open = (r: number, c: number) => {
    const { host } = grid.rows[r];
    const { task, byHost } = grid.columns[c];
    if (byHost.has(host)) onOpen(host, task.number);
  };
  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    const cell = (event.target as Element).closest<HTMLElement>("[data-row]");
    if (cell === null) return;
    const next = { row: Number(cell.dataset.row), column: Number(cell.dataset.column) };
    setAt(next);
    open(next.row, next.column);
  };

  return (
    <div ref={frame} className={classes.frame}>
      {/* One stop for the Tab key; arrows move inside, the cell in focus is named by the attribute below. */}
      <div
        ref={scroller}
        className={classes.scroller}
        role="grid"
        tabIndex={0}
        aria-label={t("hosts.matrix")}
        aria-rowcount={grid.rows.length + 1}
        aria-colcount={grid.columns.length + 1}
        aria-activedescendant={`${id}-${String(row)}-${String(column)}`}
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        <div
          className={classes.canvas}
          role="presentation"
          style={{ width: hostWidth + columns.getTotalSize(), height: head + rows.getTotalSize() }}
        >
          <div className={classes.headRow} role="row" aria-rowindex={1} style={{ height: head }}>
            <div className={classes.corner} role="columnheader" style={{ width: hostWidth }}>
              {t("hosts.host")}
            </div>
            {columns.getVirtualItems().map((item) => (
              <ColumnHead
                key={item.key}
                column={grid.columns[item.index]}
                first={grid.columns[item.index - 1]?.playNumber !== grid.columns[item.index].playNumber}
                upright={upright}
                left={hostWidth + item.start}
                width={columnWidth}
                index={item.index}
              />
            ))}
          </div>
          {rows.getVirtualItems().map((item) => (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              className={classes.row}
              style={{ transform: `translateY(${String(head + item.start)}px)`, height: ROW }}
            >
              <HostHead row={grid.rows[item.index]} width={hostWidth} brief={phone} />
              {columns.getVirtualItems().map((each) => (
                <GridCell
                  key={each.key}
                  id={`${id}-${String(item.index)}-${String(each.index)}`}
                  host={grid.rows[item.index].host}
                  column={grid.columns[each.index]}
                  row={item.index}
                  index={each.index}
                  left={hostWidth + each.start}
                  width={columnWidth}
                  wide={upright}
                  current={item.index === row && each.index === column}
                />
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

interface HeadProps {
  readonly column: Column;
  readonly first: boolean;
  readonly upright: boolean;
  readonly left: number;
  readonly width: number;
  readonly index: number;
}

function ColumnHead({ column, first, upright, left, width, index }: HeadProps) {
  const { task, play } = column;
  const name = task.name || task.action;
  return (
    <div
      role="columnheader"
      aria-colindex={index + 2}
      className={classes.columnHead}
      data-upright={upright || undefined}
      data-first={first || undefined}
      style={{ left, width }}
      title={[play, `${String(task.number)}. ${name}`, task.path].filter(Boolean).join("\n")}
    >
      <span>{name}</span>
    </div>
  );
}

const counted: State[] = ["failed", "unreachable", "rescued", "ignored", "changed", "ok"];

function HostHead({ row, width, brief }: { row: Row; width: number; brief: boolean }) {
  const word = useStateWord();
  const listed = counted.filter((state) => row.counts[state] > 0 && (!brief || state === "failed" || state === "unreachable"));
  return (
    <div role="rowheader" className={classes.hostHead} style={{ width }}>
      <span className={classes.hostName} title={row.host}>
        {row.host}
      </span>
      <span className={classes.hostCounts}>
        {listed.map((state) => (
          <span key={state} className={`${classes.hostCount} tnum`} title={word(state)}>
            <StateMark state={state} size={12} />
            <span className="visually-hidden">{word(state)}</span>
            {row.counts[state]}
          </span>
        ))}
      </span>
    </div>
  );
}

interface CellProps {
  readonly id: string;
  readonly host: string;
  readonly column: Column;
  readonly row: number;
  readonly index: number;
  readonly left: number;
  readonly width: number;
  readonly wide: boolean;
  readonly current: boolean;
}

function GridCell({ id, host, column, row, index, left, width, wide, current }: CellProps) {
  const { t } = useTranslation("engine");
  const word = useStateWord();
  const cell = column.byHost.get(host);
  const state = cell && cellState(cell);
  const name = column.task.name || column.task.action;
  const label = cell && state ? [host, name, word(state), formatDuration(cell.duration_ms)].join(", ") : [host, name, t("hosts.noResult")].join(", ");
  return (
    <div
      id={id}
      role="gridcell"
      aria-colindex={index + 2}
      aria-label={label}
      title={label}
      className={classes.cell}
      data-state={state}
      data-row={row}
      data-column={index}
      data-current={current || undefined}
      data-wide={wide || undefined}
      style={{ left, width }}
    >
      {cell && state && (
        <>
          <StateMark state={state} />
          {wide && <span className={`${classes.cellTime} tnum`}>{formatDuration(cell.duration_ms)}</span>}
        </>
      )}
    </div>
  );
}
