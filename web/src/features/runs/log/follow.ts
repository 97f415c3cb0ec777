/** Whether the view follows the end of a log, and how much came since it stopped. */

export interface Follow {
  readonly on: boolean;
  /** Number of the last line there was when following stopped. */
  readonly seen: number;
}

export type FollowEvent =
  | { readonly kind: "scrolled"; readonly up: boolean; readonly atEnd: boolean; readonly total: number }
  | { readonly kind: "resume"; readonly total: number }
  | { readonly kind: "leave"; readonly total: number };

export function nextFollow(state: Follow, event: FollowEvent): Follow {
  switch (event.kind) {
    case "scrolled":
      // Up turns it off at once, even when the view is still close to the end.
      if (state.on) return event.up && !event.atEnd ? { on: false, seen: event.total } : state;
      return event.atEnd && !event.up ? { on: true, seen: event.total } : state;
    case "resume":
      return { on: true, seen: event.total };
    case "leave":
      return state.on ? { on: false, seen: event.total } : state;
  }
}

export function newLines(state: Follow, total: number): number {
  return state.on ? 0 : Math.max(0, total - state.seen);
}
