import { useSyncExternalStore } from "react";

// Whether the server stopped knowing us while a page was open. The sign-in overlay shows then, on top
// of the page, so that nothing typed is lost.

let signedIn = false;
let expired = false;
const listeners = new Set<() => void>();

function setExpired(value: boolean): void {
  if (expired === value) return;
  expired = value;
  for (const listener of listeners) listener();
}

/** The server answered as to a user it knows. */
export function sessionFound(): void {
  signedIn = true;
  setExpired(false);
}

/** The server asks who we are. Only somebody who was signed in can lose a session. */
export function sessionLost(): void {
  if (signedIn) setExpired(true);
}

/** The user left on purpose. */
export function sessionClosed(): void {
  signedIn = false;
  setExpired(false);
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
