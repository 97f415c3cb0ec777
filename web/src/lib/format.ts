// Dates, numbers and durations in the words of the chosen language.

function language(): string {
  return document.documentElement.lang || "en";
}

/** "2.4 s", "3 min 12 s", "2 h 05 min" by the language's own unit names. */
export function formatDuration(milliseconds: number): string {
  const unit = (value: number, name: "second" | "minute" | "hour" | "day", digits = 0) =>
    new Intl.NumberFormat(language(), {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return unit(seconds, "second", 1);
  const whole = Math.round(seconds);
  if (whole < 60) return unit(whole, "second");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${unit(minutes, "minute")} ${unit(whole % 60, "second")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${unit(hours, "hour")} ${unit(minutes % 60, "minute")}`;
  return `${unit(Math.floor(hours / 24), "day")} ${unit(hours % 24, "hour")}`;
}

/** The exact time, for tooltips and detail lines. */
export function formatTime(iso: string): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(
    new Date(iso),
  );
}

/** Day and time of day as clocks show them in a zone, by default that of this device. */
export function formatMoment(iso: string, timeZone?: string): string {
  const options: Intl.DateTimeFormatOptions = {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  };
  return new Intl.DateTimeFormat(language(), { ...options, timeZone }).format(new Date(iso));
}

/** The zone of this device, such as Europe/Berlin. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** "Monday and Friday". */
export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat(language()).format(items);
}

/** The name of a day of the week; 0 is Sunday. */
export function weekdayName(day: number): string {
  return new Intl.DateTimeFormat(language(), { weekday: "long", timeZone: "UTC" }).format(Date.UTC(2023, 0, 1 + day));
}

/** A time of day, as in "09:05". */
export function formatClock(hour: number, minute: number): string {
  return new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(
    Date.UTC(2023, 0, 1, hour, minute),
  );
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Whether a time is near enough for formatRelative to say how far away it is. */
export function isNear(iso: string): boolean {
  return Math.abs(new Date(iso).getTime() - Date.now()) <= 30 * 86_400_000;
}

/** "5 minutes ago"; older than a month it is the date. */
export function formatRelative(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  if (Math.abs(seconds) > 30 * 86_400) {
    return new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(new Date(iso));
  }
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(language()).format(value);
}
