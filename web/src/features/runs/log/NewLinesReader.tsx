import { useEffect, useState } from "react";
import { plainText } from "./ansi";
import type { LogStore } from "./store";

const EVERY_MS = 2000;
const MOST_LINES = 3;

/** Reads new lines to screen readers, at most one announcement in two seconds. */
export function NewLinesReader({ store }: { store: LogStore }) {
  const [text, setText] = useState("");
  useEffect(() => {
    let read = store.total;
    const timer = setInterval(() => {
      if (store.total === read) return;
      const from = Math.max(read + 1, store.total - MOST_LINES + 1);
      const lines: string[] = [];
      for (let seq = from; seq <= store.total; seq++) lines.push(plainText(store.text(seq) ?? "").slice(0, 300));
      read = store.total;
      setText(lines.join("\n"));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [store]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {text}
    </div>
  );
}
