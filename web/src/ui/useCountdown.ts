import { useEffect, useState } from "react";

/** Counts down to zero, once a second. */
export function useCountdown(from: number | undefined): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (!from) return;
    const end = Date.now() + from * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [from]);
  return from ? left : 0;
}
