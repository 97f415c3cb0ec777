import { expect, test } from "vitest";
import { allows } from "./permissions";

test.each([
  [15, "run", true],
  [5, "manageResources", true],
  [5, "updateProject", false],
  [1, "run", true],
  [1, "manageResources", false],
  [0, "run", false],
  [undefined, "run", false],
] as const)("mask %s and %s: %s", (mask, wanted, expected) => {
  expect(allows(mask, false, wanted)).toBe(expected);
});

test("an administrator may do everything without being a member", () => {
  expect(allows(0, true, "manageUsers")).toBe(true);
});
