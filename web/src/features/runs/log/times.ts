/** The time column of a log. */

export const timeModes = ["off", "clock", "iso", "elapsed"] as const;
export type TimeMode = (typeof timeModes)[number];

export type TimeFormat = (time: number) => string;

const two = (n: number) => String(n).padStart(2, "0");

/** `start` is when the run began; lines before it (preparation) show zero. */
export function timeFormat(mode: TimeMode, start: number | null, short: boolean): TimeFormat | null {
  switch (mode) {
    case "off":
      return null;
    case "clock":
      return (time) => {
        const d = new Date(time);
        return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
      };
    case "iso":
      return isoWithZone;
    case "elapsed":
      return (time) => elapsed(Math.max(0, time - (start ?? time)), short);
  }
}

/** `2026-11-23T15:04:05.678+03:00`, in the reader's zone. */
export function isoWithZone(time: number): string {
  const offset = -new Date(time).getTimezoneOffset();
  const local = new Date(time + offset * 60_000).toISOString().slice(0, -1);
  const away = Math.abs(offset);
  return `${local}${offset < 0 ? "-" : "+"}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

export function elapsed(ms: number, short: boolean): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const clock = `${two(minutes)}:${two(seconds % 60)}`;
  if (short) return hours > 0 ? `${String(hours)}h${two(minutes)}` : clock;
  const exact = `${clock}.${String(Math.floor((ms % 1000) / 100))}`;
  return hours > 0 ? `${String(hours)}:${exact}` : exact;
}
