import type { TFunction } from "i18next";
import { formatClock, formatList, weekdayName } from "@/lib/format";

/** What the choices of the form can say: the plain ones among cron expressions. */
export type Simple =
  | { kind: "minutes"; every: number }
  | { kind: "hours"; every: number; minute: number }
  | { kind: "daily"; hour: number; minute: number }
  | { kind: "weekly"; days: number[]; hour: number; minute: number }
  | { kind: "monthly"; days: number[]; hour: number; minute: number };

export const simpleKinds = ["minutes", "hours", "daily", "weekly", "monthly"] as const;
export type SimpleKind = (typeof simpleKinds)[number];

/** Steps that come again at the same minutes of every hour, and at the same hours of every day. */
export const minuteSteps = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
export const hourSteps = [1, 2, 3, 4, 6, 8, 12];

/** Takes the time zone off the front of an expression. */
export function splitZone(cron: string): { zone: string; rest: string } {
  const found = /^\s*(?:CRON_)?TZ=(\S*)\s*(.*)$/s.exec(cron);
  return found ? { zone: found[1], rest: found[2].trim() } : { zone: "", rest: cron.trim() };
}

export function joinZone(zone: string, rest: string): string {
  return zone === "" ? rest : `CRON_TZ=${zone} ${rest}`;
}

const words: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
};
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const isAny = (field: string) => /^[*?](?:\/1)?$/.test(field);

/** A number within bounds, or undefined. */
function number(text: string, least: number, most: number): number | undefined {
  const n = /^\d+$/.test(text) ? Number(text) : NaN;
  return n >= least && n <= most ? n : undefined;
}

/** Every how many a field says, where that can be chosen: 1 for a lone star, 5 for a star and a fifth. */
function step(field: string, steps: number[]): number | undefined {
  if (isAny(field)) return 1;
  const n = Number(/^[*?]\/(\d+)$/.exec(field)?.[1]);
  return steps.includes(n) ? n : undefined;
}

/** The numbers of a list of values and ranges; undefined for anything more. */
function numbers(field: string, value: (text: string) => number | undefined): number[] | undefined {
  const found = new Set<number>();
  for (const part of field.split(",")) {
    const [from, to = from, ...more] = part.split("-");
    const low = value(from);
    const high = value(to);
    if (low === undefined || high === undefined || low > high || more.length > 0) return undefined;
    for (let n = low; n <= high; n++) found.add(n);
  }
  return [...found].sort((a, b) => a - b);
}

const dayOfWeek = (text: string) => {
  const name = weekdays.indexOf(text.toLowerCase());
  return name >= 0 ? name : number(text, 0, 7);
};

/** What an expression without a zone says, where the choices of the form can say the same. */
export function parseSimple(rest: string): Simple | undefined {
  const fields = (words[rest] ?? rest).split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minutes, hours, dom, month, dow] = fields;
  if (!isAny(month)) return undefined;
  const everyDay = isAny(dom) && isAny(dow);
  const minute = number(minutes, 0, 59);
  if (minute === undefined) {
    const every = step(minutes, minuteSteps);
    return every !== undefined && everyDay && isAny(hours) ? { kind: "minutes", every } : undefined;
  }
  const hour = number(hours, 0, 23);
  if (hour === undefined) {
    const every = step(hours, hourSteps);
    return every !== undefined && everyDay ? { kind: "hours", every, minute } : undefined;
  }
  if (everyDay) return { kind: "daily", hour, minute };
  if (isAny(dom)) {
    const days = numbers(dow, dayOfWeek);
    // Sunday is 0 and 7.
    const unique = days && [...new Set(days.map((d) => d % 7))].sort((a, b) => a - b);
    return unique && { kind: "weekly", days: unique, hour, minute };
  }
  if (isAny(dow)) {
    const days = numbers(dom, (text) => number(text, 1, 31));
    return days && { kind: "monthly", days, hour, minute };
  }
  return undefined;
}

export function formatSimple(s: Simple): string {
  const each = (n: number) => (n === 1 ? "*" : `*/${n}`);
  switch (s.kind) {
    case "minutes":
      return `${each(s.every)} * * * *`;
    case "hours":
      return `${s.minute} ${each(s.every)} * * *`;
    case "daily":
      return `${s.minute} ${s.hour} * * *`;
    case "weekly":
      return `${s.minute} ${s.hour} * * ${s.days.join(",")}`;
    case "monthly":
      return `${s.minute} ${s.hour} ${s.days.join(",")} * *`;
  }
}

/** The same in another kind, as far as that goes: the time of day stays. */
export function changeKind(kind: SimpleKind, before: Simple | undefined): Simple {
  const minute = before && "minute" in before ? before.minute : 0;
  const hour = before && "hour" in before ? before.hour : 3;
  switch (kind) {
    case "minutes":
      return { kind, every: 15 };
    case "hours":
      return { kind, every: 1, minute };
    case "daily":
      return { kind, hour, minute };
    case "weekly":
      return { kind, days: [1], hour, minute };
    case "monthly":
      return { kind, days: [1], hour, minute };
  }
}

/** An expression in words, without its zone; undefined for those that would take too many. */
export function cronWords(cron: string, t: TFunction<"automation">): string | undefined {
  const { rest } = splitZone(cron);
  const every = /^@every\s+(\S+)$/.exec(rest);
  if (every) return t("words.again", { while: every[1] });
  const s = parseSimple(rest);
  if (!s) return undefined;
  const pad = (n: number) => String(n).padStart(2, "0");
  switch (s.kind) {
    case "minutes":
      return t("words.minutes", { count: s.every });
    case "hours":
      return t("words.hours", { count: s.every, minute: pad(s.minute) });
    case "daily":
      return t("words.daily", { time: formatClock(s.hour, s.minute) });
    case "weekly":
      return t("words.weekly", { days: formatList(s.days.map(weekdayName)), time: formatClock(s.hour, s.minute) });
    case "monthly":
      return t("words.monthly", { days: formatList(s.days.map(String)), time: formatClock(s.hour, s.minute) });
  }
}
