import type { ReactNode } from "react";
import classes from "./Card.module.css";

/** A titled box for parts of a page that are not lists of their own. */
export function Card({
  title,
  action,
  padded,
  children,
}: {
  title?: string;
  action?: ReactNode;
  padded?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={classes.card}>
      {title && (
        <div className={classes.head}>
          <h2 className={classes.title}>{title}</h2>
          {action}
        </div>
      )}
      <div className={padded ? classes.padded : undefined}>{children}</div>
    </section>
  );
}
