import { useSyncExternalStore } from "react";

// Whether the server stopped knowing us while a page was open. The sign-in overlay shows then, on top
// of the page, so that nothing typed is lost.

let expired = false;
const listeners = new Set<() => void>();

export function setSessionExpired(value: boolean): void {
  if (expired === value) return;
  expired = value;
  for (const listener of listeners) listener();
}

export function useSessionExpired(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => expired,
  );
}
