import { expect, test } from "vitest";
import { beyond, holds } from "@/ui/Rights";
import { builtinRoles, roleBody, roleRules, roleValues, rowOf, slugOf } from "./values";

test("what was read goes back as it was", () => {
  const role = { slug: "night-shift", name: "Night shift", permissions: 5, project_id: 2 };
  expect(roleBody(roleValues(role))).toEqual({ slug: "night-shift", name: "Night shift", permissions: 5 });
  expect(rowOf(role).scope).toBe("project");
  expect(rowOf({ ...role, project_id: null }).scope).toBe("everywhere");
});

test("short names are made of names", () => {
  expect(slugOf("Night shift")).toBe("night-shift");
  expect(slugOf("  Équipe (Web) ")).toBe("equipe-web");
  expect(slugOf("Ночная смена")).toBe("");
  expect(slugOf("x".repeat(120))).toHaveLength(100);
});

test("short names that the server refuses are refused at once", () => {
  const { slug } = roleRules(((key: string) => key) as never);
  expect(slug("night-shift_2")).toBeNull();
  expect(slug("")).toBe("errors.required");
  expect(slug("Night")).toBe("slugWrong");
  expect(slug("owner")).toBe("slugTaken");
  expect(slug("all")).toBe("slugTaken");
  expect(slug("constructor")).toBeNull();
});

test("nobody hands on what they lack", () => {
  const manager = (p: string) => p === "run" || p === "manageResources";
  expect(beyond(builtinRoles.manager, manager)).toEqual([]);
  expect(beyond(builtinRoles.owner, manager)).toEqual(["updateProject", "manageUsers"]);
  expect(holds(builtinRoles.guest, "run")).toBe(false);
});
