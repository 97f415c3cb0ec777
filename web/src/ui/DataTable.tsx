import { Button, CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback, useMediaQuery } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconArrowDown, IconArrowUp, IconFilter, IconFilterOff } from "@tabler/icons-react";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./DataTable.module.css";
import { Empty, ErrorState, RowsSkeleton } from "./States";
import { filterRows, parseSort, sortRows, type SortValue } from "./tableRows";
import { useRowKeys } from "./useRowKeys";

export type Column<T> = {
  id: string;
  header: string;
  render: (row: T) => ReactNode;
  /** Makes the column sortable. */
  sort?: (row: T) => SortValue;
  /** Goes first when the window is narrow. */
  optional?: boolean;
  numeric?: boolean;
};

type Query<T> = {
  data: T[] | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
};

type Props<T> = {
  label: string;
  query: Query<T>;
  columns: Column<T>[];
  rowKey: (row: T) => string | number;
  /** The text that the filter box searches. */
  text: (row: T) => string;
  /** Two lines of a row on a phone: what leads to the row, and the rest. */
  card: (row: T) => { title: ReactNode; meta?: ReactNode; aside?: ReactNode };
  actions?: (row: T) => ReactNode;
  empty: ReactNode;
  defaultSort?: string;
};

/**
 * The list of a resource: filter, sorting, keyboard, and the states of its query. The cell that leads
 * to a row holds a link with `data-row-link`, which is stretched over the row.
 */
export function DataTable<T>(props: Props<T>) {
  const { t } = useTranslation();
  const { query } = props;
  const phone = useMediaQuery("(max-width: 767px)", undefined, { getInitialValueInEffect: false });
  const body = useRef<HTMLDivElement>(null);
  const view = useView(props);
  useRowKeys(body);

  if (query.data === undefined) {
    if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    return (
      <div className={classes.frame}>
        <RowsSkeleton />
      </div>
    );
  }
  if (query.data.length === 0) return <div className={classes.frame}>{props.empty}</div>;

  return (
    <section aria-label={props.label}>
      <div className={classes.tools}>
        <TextInput
          data-filter
          className={classes.filter}
          value={view.filter}
          onChange={(event) => view.setFilter(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && view.setFilter("")}
          placeholder={t("table.filter")}
          aria-label={t("table.filter")}
          leftSection={<IconFilter size={16} aria-hidden />}
          rightSection={
            view.filter && (
              <CloseButton
                size="sm"
                aria-label={t("table.clearFilter")}
                onClick={() => view.setFilter("")}
              />
            )
          }
        />
        <span className={classes.count} role="status">
          {t("table.count", { count: view.rows.length })}
        </span>
      </div>
      <div className={classes.frame} ref={body}>
        {view.rows.length === 0 ? (
          <Empty
            icon={<IconFilterOff size={28} />}
            title={t("table.noMatch")}
            text={t("table.noMatchText", { filter: view.filter })}
            action={
              <Button variant="default" onClick={() => view.setFilter("")}>
                {t("table.clearFilter")}
              </Button>
            }
          />
        ) : phone ? (
          <Cards {...props} rows={view.rows} />
        ) : (
          <Table {...props} rows={view.rows} sort={view.sort} onSort={view.setSort} />
        )}
      </div>
    </section>
  );
}

function useView<T>({ query, columns, text, defaultSort }: Props<T>) {
  const search: { q?: unknown; sort?: unknown } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [filter, setText] = useState(typeof search.q === "string" ? search.q : "");
  const sort = typeof search.sort === "string" ? search.sort : (defaultSort ?? "");
  const remember = useDebouncedCallback((q: string) => {
    void navigate({ to: ".", search: (prev) => ({ ...prev, q: q || undefined }), replace: true });
  }, 250);
  const rows = useMemo(
    () => sortRows(filterRows(query.data ?? [], filter, text), sort, columns),
    [query.data, filter, text, sort, columns],
  );
  return {
    rows,
    filter,
    setFilter: (q: string) => {
      setText(q);
      remember(q);
    },
    sort,
    setSort: (next: string) =>
      void navigate({
        to: ".",
        search: (prev) => ({ ...prev, sort: next === defaultSort ? undefined : next }),
        replace: true,
      }),
  };
}

function Table<T>({
  label,
  columns,
  rows,
  rowKey,
  actions,
  sort,
  onSort,
}: Props<T> & { rows: T[]; sort: string; onSort: (sort: string) => void }) {
  const { t } = useTranslation();
  const { column, descending } = parseSort(sort);
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((c) => {
            const sorted = column === c.id;
            const direction = descending ? "descending" : "ascending";
            return (
              <th
                key={c.id}
                scope="col"
                className={columnClass(c)}
                aria-sort={sorted ? direction : undefined}
              >
                {c.sort ? (
                  <button
                    type="button"
                    className={classes.sort}
                    onClick={() => onSort(sorted && !descending ? `-${c.id}` : c.id)}
                  >
                    {c.header}
                    {sorted &&
                      (descending ? (
                        <IconArrowDown size={14} aria-hidden />
                      ) : (
                        <IconArrowUp size={14} aria-hidden />
                      ))}
                  </button>
                ) : (
                  c.header
                )}
              </th>
            );
          })}
          {actions && (
            <th scope="col" className={classes.actionsHead}>
              <span className="visually-hidden">{t("table.actions")}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((c) => (
              <td key={c.id} className={columnClass(c)}>
                {c.render(row)}
              </td>
            ))}
            {actions && (
              <td className={classes.actionsCell}>
                <div className={classes.actions}>{actions(row)}</div>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function columnClass<T>(c: Column<T>): string {
  return [c.optional && classes.optional, c.numeric && classes.numeric].filter(Boolean).join(" ");
}

function Cards<T>({ label, rows, rowKey, card, actions }: Props<T> & { rows: T[] }) {
  return (
    <ul className={classes.cards} aria-label={label}>
      {rows.map((row) => {
        const { title, meta, aside } = card(row);
        return (
          <li key={rowKey(row)} className={classes.card}>
            <div className={classes.cardText}>
              <div className={classes.cardTitle}>{title}</div>
              {meta && <div className={classes.cardMeta}>{meta}</div>}
            </div>
            {aside}
            {actions && <div className={classes.actions}>{actions(row)}</div>}
          </li>
        );
      })}
    </ul>
  );
}
