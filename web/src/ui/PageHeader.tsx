import { useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import classes from "./PageHeader.module.css";
import { useTitle } from "./useTitle";

let shownPath: string | undefined;

type Props = {
  title: string;
  /** Parts of the browser's tab title after the page's own, mostly the project's name. */
  context?: string;
  /** Links that lead to the page, above its title. */
  trail?: ReactNode;
  /** One line below the title. */
  description?: ReactNode;
  /** A status badge or a label beside the title. */
  badge?: ReactNode;
  actions?: ReactNode;
};

/** The head of every page: its only h1, which takes the focus after a change of page. */
export function PageHeader({ title, context, trail, description, badge, actions }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The address whose page is on the screen; the one being loaded would focus the page that leaves.
  const pathname = useRouterState({ select: (s) => s.resolvedLocation?.pathname });
  useTitle(title, context);

  useEffect(() => {
    if (pathname === undefined) return;
    const first = shownPath === undefined;
    const moved = shownPath !== pathname;
    shownPath = pathname;
    const active = document.activeElement;
    const typing = active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement;
    if (!first && moved && !typing) heading.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <header className={classes.header}>
      <div className={classes.text}>
        {trail && <div className={classes.trail}>{trail}</div>}
        <div className={classes.titleRow}>
          <h1 ref={heading} tabIndex={-1} className={classes.title}>
            {title}
          </h1>
          {badge}
        </div>
        {description && <div className={classes.description}>{description}</div>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}
