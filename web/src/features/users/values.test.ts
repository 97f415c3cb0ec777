import { expect, test } from "vitest";
import { userBody, userRules, userValues } from "./values";

const row = {
  id: 4, username: "gus", name: "Gus", email: "gus@example.org", admin: false, external: true, alert: true, pro: true,
};

test("what was read goes back as it was, without a password", () => {
  expect(userBody(userValues(row), row)).toEqual({
    username: "gus", name: "Gus", email: "gus@example.org", admin: false, alert: true, disabled: false, external: true, pro: true,
  });
});

test("a disabled user is enabled only on purpose", () => {
  const off = { ...row, disabled: true };
  expect(userBody(userValues(off), off).disabled).toBe(true);
  expect(userBody({ ...userValues(off), disabled: false }, off).disabled).toBe(false);
});

test("new users need a password, others may keep theirs", () => {
  const t = ((key: string) => key) as never;
  expect(userRules(t, true).password("")).toBe("errors.required");
  expect(userRules(t, false).password("")).toBeNull();
  expect(userRules(t, false).password("short")).toBe("passwordShort");
  expect(userRules(t, true).password("long enough")).toBeNull();
  expect(userRules(t, true).email("gus")).toBe("emailWrong");
  expect(userRules(t, true).email(" gus@example.org ")).toBeNull();
});
