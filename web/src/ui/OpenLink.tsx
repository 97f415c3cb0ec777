import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** The link of a row that opens the drawer of its list. */
export function OpenLink({ id, children }: { id: number; children: ReactNode }) {
  return (
    <Link to="." search={(prev) => ({ ...prev, open: id })} data-row-link>
      {children}
    </Link>
  );
}
