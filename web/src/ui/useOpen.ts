import { useNavigate, useSearch } from "@tanstack/react-router";

/** An object that is called by a name and not by a number, in a parameter of the address of its own. */
export function useOpenName(param: string) {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (name: string | undefined) =>
    navigate({ to: ".", search: (before) => ({ ...before, [param]: name }) as never });
  const open = search[param];
  return {
    open: typeof open === "string" ? open : undefined,
    show: (name: string) => void set(name),
    close: () => void set(undefined),
    closed: () => set(undefined),
  };
}

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
