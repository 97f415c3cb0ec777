import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";

const DEBOUNCE_MS = 400;

function asText(q: unknown): string {
  // A text that looks like a number arrives as one.
  return typeof q === "string" || typeof q === "number" ? String(q) : "";
}

/** The search text that the address had when the log was opened. */
export function useLinkedQuery(): string {
  const search: { q?: unknown } = useSearch({ strict: false });
  const [start] = useState(() => asText(search.q));
  return start;
}

/** Keeps the search text in the address, so that a link shows what its sender saw. */
export function useRememberQuery(text: string): void {
  const search: { q?: unknown } = useSearch({ strict: false });
  const navigate = useNavigate();
  const remember = useEffectEvent(() => {
    if (asText(search.q) === text) return;
    void navigate({
      to: ".",
      search: (before) => ({ ...before, q: text || undefined }),
      hash: true,
      replace: true,
      resetScroll: false,
      hashScrollIntoView: false,
    });
  });
  useEffect(() => {
    const timer = setTimeout(() => remember(), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text]);
}
