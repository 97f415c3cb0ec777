import { useEffect, useEffectEvent } from "react";

export interface LogShortcuts {
  readonly find: () => void;
  readonly goTo: (digits: string) => void;
  readonly firstError: () => void;
  readonly nextError: (by: 1 | -1) => void;
  readonly follow: () => void;
  readonly end: () => void;
  readonly wrap: () => void;
  readonly times: () => void;
  readonly copyLink: () => void;
  readonly escape: () => boolean;
}

/** How long `g` waits: the frame's own two-key shortcuts begin with it too. */
const CHORD_MS = 500;

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Keys of the log, by their place on the keyboard. */
export function useLogShortcuts(shortcuts: LogShortcuts, findOpen: boolean) {
  const onKey = useEffectEvent((event: KeyboardEvent, goTo: { timer: number }) => {
    if (isFind(event)) {
      // Pressed again inside our bar it is the browser's own.
      if (findOpen && isTyping(event.target)) return;
      event.preventDefault();
      shortcuts.find();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('[role="dialog"], [role="menu"]') !== null) return;
    if (event.key === "Escape" && shortcuts.escape()) event.preventDefault();
    if (isTyping(event.target)) return;
    if (goTo.timer !== 0) {
      window.clearTimeout(goTo.timer);
      goTo.timer = 0;
      if (!/^\d$/.test(event.key)) return;
      event.preventDefault();
      shortcuts.goTo(event.key);
      return;
    }
    if (event.shiftKey) return;
    if (event.code === "KeyG") {
      goTo.timer = window.setTimeout(() => {
        goTo.timer = 0;
        shortcuts.goTo("");
      }, CHORD_MS);
      return;
    }
    const action = actionOf(event, shortcuts);
    if (action === undefined) return;
    event.preventDefault();
    action();
  });

  useEffect(() => {
    const goTo = { timer: 0 };
    const listener = (event: KeyboardEvent) => onKey(event, goTo);
    window.addEventListener("keydown", listener, { capture: true });
    return () => {
      window.clearTimeout(goTo.timer);
      window.removeEventListener("keydown", listener, { capture: true });
    };
  }, []);
}

function isFind(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyF";
}

function actionOf(event: KeyboardEvent, shortcuts: LogShortcuts): (() => void) | undefined {
  if (event.key === "End") return shortcuts.end;
  switch (event.code) {
    case "KeyE":
      return shortcuts.firstError;
    case "KeyN":
      return () => shortcuts.nextError(1);
    case "KeyP":
      return () => shortcuts.nextError(-1);
    case "KeyF":
      return shortcuts.follow;
    case "KeyW":
      return shortcuts.wrap;
    case "KeyT":
      return shortcuts.times;
    case "KeyL":
      return shortcuts.copyLink;
    default:
      return undefined;
  }
}
