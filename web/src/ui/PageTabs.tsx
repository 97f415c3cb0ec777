import { createLink } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, forwardRef, type ReactNode } from "react";
import classes from "./PageTabs.module.css";

/** The pages that something has, as tabs that are links. */
export function PageTabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className={classes.tabs}>
      {children}
    </nav>
  );
}

/** One of the pages; the one on the screen is marked. */
export const PageTab = createLink(
  forwardRef<HTMLAnchorElement, AnchorHTMLAttributes<HTMLAnchorElement>>(function PageTab({ children, ...props }, ref) {
    return (
      <a ref={ref} {...props} className={classes.tab}>
        {children}
      </a>
    );
  }),
);
