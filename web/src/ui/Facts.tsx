import type { ReactNode } from "react";
import classes from "./Facts.module.css";

/** A name and what is known by it; without a value it is not shown. */
export type Fact = readonly [name: string, value: ReactNode];

/** Names beside values. The class says how wide both columns are, and the gaps. */
export function Facts({ facts, className }: { facts: readonly Fact[]; className: string | undefined }) {
  return (
    <dl className={`${classes.facts} ${className}`}>
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
