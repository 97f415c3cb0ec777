export type SortValue = string | number | undefined;

type Sortable<T> = { id: string; sort?: (row: T) => SortValue };

/** Rows that hold every word of the filter. */
export function filterRows<T>(rows: T[], filter: string, text: (row: T) => string): T[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const haystack = text(row).toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}

/** `name` sorts up, `-name` down. */
export function parseSort(sort: string): { column: string; descending: boolean } {
  return sort.startsWith("-")
    ? { column: sort.slice(1), descending: true }
    : { column: sort, descending: false };
}

/** Sorted copies; an unknown column leaves the server's order, and missing values come last. */
export function sortRows<T>(rows: T[], sort: string, columns: Sortable<T>[]): T[] {
  const { column, descending } = parseSort(sort);
  const value = columns.find((c) => c.id === column)?.sort;
  if (!value) return rows;
  const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    if (x === undefined || y === undefined) {
      if (x === y) return 0;
      return x === undefined ? 1 : -1;
    }
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * compare(String(x), String(y));
  });
}
