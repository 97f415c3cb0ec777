import { useCallback, useSyncExternalStore } from "react";
import { timeModes, type TimeMode } from "./times";

/** How a reader likes logs; null means what suits the device. */
export interface LogPreferences {
  readonly time: TimeMode | null;
  readonly wrap: boolean | null;
}

const KEY = "signalbox.log";
const NONE: LogPreferences = { time: null, wrap: null };
const listeners = new Set<() => void>();
let current: LogPreferences | null = null;

function read(): LogPreferences {
  current ??= parse();
  return current;
}

function parse(): LogPreferences {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    return {
      time: timeModes.find((mode) => mode === stored.time) ?? null,
      wrap: typeof stored.wrap === "boolean" ? stored.wrap : null,
    };
  } catch {
    return NONE;
  }
}

function write(change: Partial<LogPreferences>) {
  current = { ...read(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage can be switched off; the choice then lasts for this page only.
  }
  for (const listener of listeners) listener();
}

export function useLogPreferences(phone: boolean) {
  const subscribe = useCallback((listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  const stored = useSyncExternalStore(subscribe, read);
  return {
    time: stored.time ?? (phone ? "elapsed" : "clock"),
    wrap: stored.wrap ?? phone,
    set: write,
  } as const;
}
