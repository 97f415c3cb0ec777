import { type RefObject, useEffect } from "react";

/** j and k, and the arrow keys inside the list, move the focus between rows; Enter follows the link. */
export function useRowKeys(body: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !body.current) return;
      const target = event.target as HTMLElement;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable) return;
      if (document.querySelector('[role="dialog"], [role="menu"]')) return;
      const inside = body.current.contains(target);
      const down = event.code === "KeyJ" || (inside && event.code === "ArrowDown");
      const up = event.code === "KeyK" || (inside && event.code === "ArrowUp");
      if (!down && !up) return;
      const links = [...body.current.querySelectorAll<HTMLElement>("[data-row-link]")];
      if (links.length === 0) return;
      const row = target.closest("tr, li");
      const at = links.findIndex((link) => link.closest("tr, li") === row);
      const next = at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (down ? 1 : -1)));
      event.preventDefault();
      links[next].focus();
      links[next].scrollIntoView({ block: "nearest" });
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [body]);
}
