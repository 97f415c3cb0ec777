import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Finder, matcherFor, nearestMatch, NOTHING, type FindQuery, type FindState, type ServerSearch } from "./find";
import type { LogStore } from "./store";

const DEBOUNCE_MS = 150;

export interface Find {
  readonly query: FindQuery;
  readonly state: FindState;
  /** Position of the match in focus in `state.matches`, -1 for none. */
  readonly at: number;
  readonly setQuery: (query: FindQuery) => void;
  readonly step: (by: 1 | -1) => void;
}

/** Searching a log: the matches of the query, the one in focus, and keeping up with new lines. */
export function useFind(
  store: LogStore,
  server: ServerSearch,
  topLine: () => number,
  show: (seq: number) => void,
  start: string,
) {
  const [query, setQuery] = useState<FindQuery>({ text: start, regex: false, matchCase: false });
  const [state, setState] = useState<FindState>(NOTHING);
  const [at, setAt] = useState(-1);
  const view = useRef({ topLine, show });
  useEffect(() => {
    view.current = { topLine, show };
  });

  useEffect(() => {
    let first = true;
    if (query.text === "") return;
    const finder = new Finder(store, server, query, (next) => {
      setState(next);
      if (!first || next.matches.length === 0) return;
      first = false;
      const index = nearestMatch(next.matches, view.current.topLine());
      setAt(index);
      view.current.show(next.matches[index] ?? 1);
    });
    const timer = setTimeout(() => void finder.advance(), DEBOUNCE_MS);
    const leave = store.subscribe(() => void finder.advance());
    return () => {
      clearTimeout(timer);
      leave();
      finder.stop();
      setState(NOTHING);
      setAt(-1);
    };
  }, [store, server, query]);

  const matches = state.matches;
  const step = useCallback(
    (by: 1 | -1) => {
      if (matches.length === 0) return;
      const next = (at + by + matches.length) % matches.length;
      setAt(next);
      view.current.show(matches[next] ?? 1);
    },
    [matches, at],
  );
  const matcher = useMemo(() => matcherFor(query), [query]);
  return { find: { query, state, at, setQuery, step }, matcher } as const;
}
