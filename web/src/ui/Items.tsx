import { Button } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Items.module.css";
import { ErrorState, RowsSkeleton } from "./States";

type Query<T> = { data: T[] | undefined; error: unknown; refetch: () => unknown };

/** A short list inside a card, with the states of its query; `children` makes the `li` of a row. */
export function Items<T>({
  query,
  rows = 2,
  empty,
  label,
  children,
}: {
  query: Query<T>;
  /** How many rows stand in for those that are still to come. */
  rows?: number;
  empty?: string;
  label?: string;
  children: (item: T) => ReactNode;
}) {
  if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <RowsSkeleton rows={rows} />;
  if (query.data.length === 0 && empty === undefined) return null;
  return (
    <ul className={classes.list} aria-label={label}>
      {query.data.length === 0 && <li className="dim">{empty}</li>}
      {query.data.map(children)}
    </ul>
  );
}

/** The part of a row that says what it is about; takes the room that is left. */
export function ItemName({ children }: { children: ReactNode }) {
  return <span className={classes.name}>{children}</span>;
}

/** The button at the end of a row that takes it away; `name` is that of the row. */
export function RemoveButton({
  name,
  label,
  busy,
  onClick,
}: {
  name: string;
  /** "Delete" with its picture when left out. */
  label?: string;
  busy?: boolean;
  onClick: () => void;
}) {
  const { t } = useTranslation();
  const text = label ?? t("actions.delete");
  return (
    <Button
      variant="subtle"
      color="red"
      size="xs"
      leftSection={label === undefined && <IconTrash size={14} />}
      loading={busy}
      aria-label={`${text}: ${name}`}
      onClick={onClick}
    >
      {text}
    </Button>
  );
}

/** The line below a list that adds to it. */
export function AddForm({
  submitLabel,
  disabled,
  busy,
  onSubmit,
  children,
}: {
  submitLabel: string;
  disabled?: boolean;
  busy: boolean;
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  children: ReactNode;
}) {
  return (
    <form
      className={classes.add}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(event);
      }}
    >
      {children}
      <Button type="submit" disabled={disabled} loading={busy} leftSection={<IconPlus size={16} />}>
        {submitLabel}
      </Button>
    </form>
  );
}
