import { expect, test } from "vitest";
import type { App } from "@/api/types";
import { appBody, appRules, appValues } from "./values";

const app: App = {
  id: "make", active: false, priority: 5, title: "Make", icon: "tools", color: "#123", dark_color: "", path: "/usr/bin/make", args: ["-k"], family: "script", available: true,
};

test("an unchanged app goes back whole", () => {
  expect(appBody(appValues(app))).toEqual({
    active: false, priority: 5, title: "Make", icon: "tools", color: "#123", dark_color: "", path: "/usr/bin/make", args: ["-k"],
  });
});

test("ids are new and can stand in an address, colours are colours", () => {
  const rules = appRules(((key: string) => key) as never, ["bash"]);
  expect(rules.id("")).toBe("errors.required");
  expect(rules.id("My app")).toBe("fields.badId");
  expect(rules.id("bash")).toBe("fields.takenId");
  expect(rules.id("make-2")).toBeNull();
  expect(rules.color("red; x")).toBe("fields.badColor");
  expect(rules.color("#A1b2C3")).toBeNull();
  expect(rules.color("")).toBeNull();
  expect(appBody({ ...appValues(), priority: "" }).priority).toBe(0);
});
