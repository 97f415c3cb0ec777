import { useEffect } from "react";

/** "Keys · Web platform · Signalbox" in the browser's tab. */
export function useTitle(...parts: (string | undefined)[]): void {
  const title = [...parts.filter(Boolean), "Signalbox"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
