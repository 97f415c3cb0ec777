import { useEffect, useState } from "react";
import { formatDuration, formatRelative, formatTime } from "@/lib/format";

function useNow(every: number | undefined): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** How far the clock of the server may be ahead of this one before it is taken for a time to come. */
const clockSkew = 60_000;

/** "5 minutes ago" or "in 2 days", with the exact time as its title; stays true while it is shown. */
export function RelativeTime({ iso }: { iso: string }) {
  const now = useNow(30_000);
  const at = new Date(iso).getTime();
  return (
    <time dateTime={iso} title={formatTime(iso)} className="tnum">
      {formatRelative(iso, at - now < clockSkew ? Math.max(now, at) : now)}
    </time>
  );
}

/** The time from start to end, running on while there is no end. */
export function Duration({ start, end }: { start?: string | null; end?: string | null }) {
  const now = useNow(start && !end ? 1000 : undefined);
  if (!start) return <span className="dim">–</span>;
  const from = new Date(start).getTime();
  const to = end ? new Date(end).getTime() : Math.max(now, from);
  return <span className="tnum">{formatDuration(to - from)}</span>;
}
