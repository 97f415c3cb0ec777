import type { TFunction } from "i18next";
import { expect, test } from "vitest";
import { changeKind, cronWords, formatSimple, hourSteps, joinZone, minuteSteps, parseSimple, splitZone } from "./cron";

test.each([
  ["* * * * *", { kind: "minutes", every: 1 }],
  ["*/15 * * * *", { kind: "minutes", every: 15 }],
  ["5 * * * *", { kind: "hours", every: 1, minute: 5 }],
  ["30 */6 * * *", { kind: "hours", every: 6, minute: 30 }],
  ["0 3 * * *", { kind: "daily", hour: 3, minute: 0 }],
  ["0 9 * * 1-5", { kind: "weekly", days: [1, 2, 3, 4, 5], hour: 9, minute: 0 }],
  ["0 9 ? * sat,7", { kind: "weekly", days: [0, 6], hour: 9, minute: 0 }],
  ["0 9 * * 5-7", { kind: "weekly", days: [0, 5, 6], hour: 9, minute: 0 }],
  ["15 4 1,15 * *", { kind: "monthly", days: [1, 15], hour: 4, minute: 15 }],
  ["@hourly", { kind: "hours", every: 1, minute: 0 }],
  ["@midnight", { kind: "daily", hour: 0, minute: 0 }],
  ["@weekly", { kind: "weekly", days: [0], hour: 0, minute: 0 }],
  ["@monthly", { kind: "monthly", days: [1], hour: 0, minute: 0 }],
])("%s is plain", (cron, simple) => {
  expect(parseSimple(cron)).toEqual(simple);
});

// What the choices cannot say is left alone instead of guessed at.
test.each([
  "*/25 * * * *", // also after 50 minutes and then after 10
  "0 */5 * * *",
  "5/20 * * * *",
  "0-30 * * * *",
  "0,30 3 * * *",
  "0 3,15 * * *",
  "0 3 1 * 1", // either day will do
  "0 3 * jan *",
  "0 3 */2 * *",
  "0 3 * * 1-5/2",
  "0 3 * * 6-1",
  "0 3 32 * *",
  "60 3 * * *",
  "0 24 * * *",
  "+5 3 * * *",
  "@yearly",
  "@every 90m",
  "* * * *",
  "0 0 3 * * *",
  "",
])("%s is not", (cron) => {
  expect(parseSimple(cron)).toBeUndefined();
});

test("what the choices write is what they read", () => {
  const all = [
    ...minuteSteps.map((every) => ({ kind: "minutes", every }) as const),
    ...hourSteps.map((every) => ({ kind: "hours", every, minute: 59 }) as const),
    { kind: "daily", hour: 23, minute: 0 } as const,
    { kind: "weekly" as const, days: [0, 1, 6], hour: 0, minute: 7 },
    { kind: "monthly" as const, days: [1, 31], hour: 12, minute: 30 },
  ];
  for (const simple of all) expect(parseSimple(formatSimple(simple))).toEqual(simple);
});

test("another kind keeps the time of day", () => {
  expect(changeKind("weekly", { kind: "daily", hour: 5, minute: 45 })).toEqual({ kind: "weekly", days: [1], hour: 5, minute: 45 });
  expect(changeKind("daily", undefined)).toEqual({ kind: "daily", hour: 3, minute: 0 });
});

test("the zone is taken off and put back", () => {
  expect(splitZone(" CRON_TZ=Europe/Berlin  0 3 * * * ")).toEqual({ zone: "Europe/Berlin", rest: "0 3 * * *" });
  expect(splitZone("TZ=UTC @daily")).toEqual({ zone: "UTC", rest: "@daily" });
  expect(splitZone("0 3 * * *")).toEqual({ zone: "", rest: "0 3 * * *" });
  expect(joinZone("Asia/Tokyo", "@daily")).toBe("CRON_TZ=Asia/Tokyo @daily");
  expect(joinZone("", "@daily")).toBe("@daily");
});

test("words are found for plain expressions only", () => {
  const t = ((key: string, values: object) => `${key} ${JSON.stringify(values)}`) as unknown as TFunction<"automation">;
  expect(cronWords("CRON_TZ=Asia/Tokyo */5 * * * *", t)).toBe('words.minutes {"count":5}');
  expect(cronWords("7 * * * *", t)).toBe('words.hours {"count":1,"minute":"07"}');
  expect(cronWords("@every 1h30m", t)).toBe('words.again {"while":"1h30m"}');
  expect(cronWords("0 3 1 * 1", t)).toBeUndefined();
});
