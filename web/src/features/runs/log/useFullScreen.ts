import { useCallback, useEffect, useRef, useState } from "react";

/** Shows an element alone; where the browser cannot, the element fills the page instead. */
export function useFullScreen() {
  const ref = useRef<HTMLDivElement>(null);
  const [on, setOn] = useState(false);

  useEffect(() => {
    const changed = () => setOn(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);

  const toggle = useCallback(() => {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else if (document.fullscreenEnabled && ref.current !== null) {
      ref.current.requestFullscreen().catch(() => setOn(true));
    } else setOn((was) => !was);
  }, []);
  return [ref, on, toggle] as const;
}
