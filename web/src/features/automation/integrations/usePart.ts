import { useNavigate, useSearch } from "@tanstack/react-router";

export type Part = "settings" | "matchers" | "values";
type Open = number | "new" | undefined;

/** What the drawer of a part of an integration shows; kept in the address like that of a list. */
export function usePart(part: Part) {
  const search: { open?: unknown; part?: unknown } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (open: Open) =>
    navigate({ to: ".", search: (prev) => ({ ...prev, open, part: open === undefined ? undefined : part }) });
  return {
    open: (search.part === part ? search.open : undefined) as Open,
    show: (open: number | "new") => void set(open),
    close: () => void set(undefined),
    closed: () => set(undefined),
  };
}
