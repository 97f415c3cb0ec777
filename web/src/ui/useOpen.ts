import { useNavigate, useSearch } from "@tanstack/react-router";

/** What the drawer of a list shows; kept in the address, so that it can be linked to. */
export function useOpen() {
  const search: { open?: unknown } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (open: number | "new" | undefined) =>
    navigate({ to: ".", search: (prev) => ({ ...prev, open }) });
  return {
    open: search.open as number | "new" | undefined,
    show: (open: number | "new") => void set(open),
    close: () => void set(undefined),
    closed: () => set(undefined),
  };
}
