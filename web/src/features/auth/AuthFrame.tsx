import type { ReactNode } from "react";
import { useTitle } from "@/ui/useTitle";
import classes from "./AuthFrame.module.css";

/** The page around sign-in and first start: a card in the middle, without navigation. */
export function AuthFrame({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden>
            <rect width="32" height="32" rx="7" fill="var(--sb-brand)" />
            <path d="M16 6v20" stroke="var(--sb-surface)" strokeWidth="2.5" strokeLinecap="round" />
            <path d="M16 9h9l-2.5 3L25 15h-9z" fill="var(--sb-surface)" />
          </svg>
          <span>Signalbox</span>
        </div>
        <h1 className={classes.title}>{title}</h1>
        {text && <p className={classes.text}>{text}</p>}
        {children}
      </div>
    </main>
  );
}
