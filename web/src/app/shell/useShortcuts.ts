import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

type Actions = { pid?: number; onHelp: () => void; onToggleNav: () => void };

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function press(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  if (!element) return false;
  if (element instanceof HTMLInputElement) element.focus();
  else element.click();
  return true;
}

/** Single keys for the whole application, by their place on the keyboard so that any layout works. */
export function useShortcuts({ pid, onHelp, onToggleNav }: Actions): void {
  const navigate = useNavigate();
  const goUntil = useRef(0);

  useEffect(() => {
    const go = (code: string): boolean => {
      if (code === "KeyH") void navigate({ to: "/" });
      else if (code === "KeyP") void navigate({ to: "/projects" });
      else if (pid === undefined) return false;
      else if (code === "KeyO") void navigate({ to: "/project/$pid", params: { pid } });
      else if (code === "KeyT") void navigate({ to: "/project/$pid/templates", params: { pid } });
      else if (code === "KeyR") void navigate({ to: "/project/$pid/runs", params: { pid } });
      else if (code === "KeyS") void navigate({ to: "/project/$pid/schedule", params: { pid } });
      else if (code === "KeyI") void navigate({ to: "/project/$pid/inventory", params: { pid } });
      else if (code === "KeyV") void navigate({ to: "/project/$pid/environment", params: { pid } });
      else if (code === "KeyK") void navigate({ to: "/project/$pid/keys", params: { pid } });
      else if (code === "KeyE") void navigate({ to: "/project/$pid/repositories", params: { pid } });
      else return false;
      return true;
    };
    const single = (event: KeyboardEvent): boolean => {
      if (event.code === "Slash" && event.shiftKey) onHelp();
      else if (event.code === "Slash") return press("[data-filter]");
      else if (event.code === "KeyC" && !event.shiftKey) return press("[data-create]");
      else if (event.code === "BracketLeft") onToggleNav();
      else if (event.code === "KeyG") goUntil.current = Date.now() + 1200;
      else return false;
      return true;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector('[role="dialog"], [role="menu"]')) return;
      const going = Date.now() < goUntil.current;
      goUntil.current = 0;
      if (going ? go(event.code) : single(event)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate, pid, onHelp, onToggleNav]);
}
