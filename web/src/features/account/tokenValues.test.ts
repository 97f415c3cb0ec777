import { expect, test } from "vitest";
import { noToken, tokenBody, tokenRules } from "./tokenValues";

const now = new Date(2026, 0, 31, 12).getTime();

test("what is not chosen is left out", () => {
  expect(tokenBody(noToken, now)).toEqual({});
  expect(tokenBody({ ...noToken, name: " ci ", scopes: ["run"], projects: ["2", "5"], life: "7" }, now)).toEqual({
    name: "ci", scopes: ["run"], projects: [2, 5], expires_at: new Date(2026, 1, 7, 12).toISOString(),
  });
});

test("a token is good until the end of its last day", () => {
  expect(tokenBody({ ...noToken, life: "day", day: "2026-01-31" }, now).expires_at).toBe(new Date(2026, 0, 31, 23, 59, 59).toISOString());
});

test("the last day is needed and not over", () => {
  const rule = tokenRules(((key: string) => key) as never, () => now).day;
  const of = (life: string, day: string) => rule(day, { ...noToken, life, day });
  expect(of("", "")).toBeNull();
  expect(of("day", "")).toBe("errors.required");
  expect(of("day", "2026-01-30")).toBe("tokens.past");
  expect(of("day", "2026-01-31")).toBeNull();
});
