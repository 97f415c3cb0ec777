import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { subscribeLog, useLiveState } from "@/api/live";
import { logWindows, toLine } from "../api";
import { LogStore } from "./store";

export type LogState =
  | { readonly phase: "loading" }
  | { readonly phase: "failed"; readonly error: unknown }
  | { readonly phase: "open"; readonly store: LogStore };

const POLL_MS = 3000;

/** The log of a run: its end at once, the rest on demand, new lines as they are written. */
export function useLogStore(p: number, task: number): { state: LogState; retry: () => void } {
  const [state, setState] = useState<LogState>({ phase: "loading" });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const store = new LogStore(logWindows(p, task));
    let leave = () => {};
    let gone = false;
    const opened = () => {
      if (gone) return;
      setState({ phase: "open", store });
      if (store.complete) return;
      leave = subscribeLog(
        p,
        task,
        store.total,
        (lines) => store.append(lines.map(toLine)),
        (total) => store.end(total),
      );
    };
    store.open().then(opened, (error: unknown) => {
      if (!gone) setState({ phase: "failed", error });
    });
    return () => {
      gone = true;
      leave();
      store.dispose();
      setState({ phase: "loading" });
    };
  }, [p, task, attempt]);

  usePolling(state.phase === "open" ? state.store : null);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  return { state, retry };
}

/** While the socket does not come up, ask for new lines now and then. */
function usePolling(store: LogStore | null) {
  const { status, attempts } = useLiveState();
  const needed = store !== null && status !== "live" && attempts >= 3;
  useEffect(() => {
    if (!needed || store === null) return;
    const timer = setInterval(() => {
      if (!store.complete) store.poll();
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [needed, store]);
}

export interface LogFacts {
  readonly total: number;
  readonly complete: boolean;
  readonly failure: unknown;
}

const FACTS_MS = 250;

/** What the surroundings of the log show about it, refreshed a few times a second at most. */
export function useLogFacts(store: LogStore): LogFacts {
  const [keeper] = useState(() => new FactsKeeper());
  return useSyncExternalStore(
    useCallback((listener) => keeper.watch(store, listener), [keeper, store]),
    useCallback(() => keeper.of(store), [keeper, store]),
  );
}

class FactsKeeper {
  private facts: LogFacts | null = null;
  private source: LogStore | null = null;

  of(store: LogStore): LogFacts {
    if (this.facts === null || this.source !== store) this.take(store);
    return this.facts ?? { total: 0, complete: false, failure: null };
  }

  watch(store: LogStore, listener: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = store.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (this.take(store)) listener();
      }, FACTS_MS);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }

  private take(store: LogStore): boolean {
    const { total, complete, failure } = store;
    const before = this.facts;
    const same =
      this.source === store &&
      before !== null &&
      before.total === total &&
      before.complete === complete &&
      before.failure === failure;
    if (same) return false;
    this.source = store;
    this.facts = { total, complete, failure };
    return true;
  }
}
