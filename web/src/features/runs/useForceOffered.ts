import { useEffect, useState } from "react";
import type { Task } from "@/api/types";

const AFTER_MS = 10_000;

/** A run that is still stopping after ten seconds may be stopped by force. */
export function useForceOffered(task: Task): boolean {
  const [offered, setOffered] = useState(false);
  const stopping = task.status === "stopping";
  useEffect(() => {
    if (!stopping) return;
    const timer = setTimeout(() => setOffered(true), AFTER_MS);
    return () => {
      clearTimeout(timer);
      setOffered(false);
    };
  }, [stopping]);
  return offered;
}
