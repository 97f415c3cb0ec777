import { useEffect } from "react";

type Mark = "ring" | "dot" | "tick" | "none";

function markOf(status: string): Mark {
  switch (status) {
    case "success":
      return "tick";
    case "error":
    case "rejected":
      return "dot";
    case "starting":
    case "running":
    case "stopping":
    case "confirmed":
      return "ring";
    default:
      return "none";
  }
}

const SHAPES: Record<Mark, string> = {
  ring: '<circle cx="24" cy="24" r="6" fill="#fff" stroke="#1257C7" stroke-width="4"/>',
  dot: '<circle cx="24" cy="24" r="8" fill="#B3201B" stroke="#fff" stroke-width="2"/>',
  tick: '<circle cx="24" cy="24" r="8" fill="#146C34" stroke="#fff" stroke-width="2"/><path d="M20.5 24l2.5 2.5 4.5-5" fill="none" stroke="#fff" stroke-width="2"/>',
  none: "",
};

/** The tab's icon tells the state of the run; leaving the page puts it back. */
export function useRunFavicon(status: string | undefined): void {
  const mark = status === undefined ? "none" : markOf(status);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel~="icon"]');
    if (link === null || mark === "none") return;
    const { href, type } = link;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0E7490"/><path d="M14 5v20" stroke="#fff" stroke-width="2.5" stroke-linecap="round"/><path d="M14 8h9l-2.5 3L23 14h-9z" fill="#fff"/>${SHAPES[mark]}</svg>`;
    link.type = "image/svg+xml";
    link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    return () => {
      link.type = type;
      link.href = href;
    };
  }, [mark]);
}
