import { expect, test } from "vitest";
import type { Environment } from "@/api/types";
import { groupBody, groupField, groupRules, groupValues } from "./values";

const group = {
  id: 5,
  project_id: 1,
  name: "Production",
  json: '{"replicas":3,"nested":{"a":[1,2]}}',
  env: '{"PORT":8080,"LANG":"C"}',
  password: null,
  secrets: [
    { id: 11, type: "var", name: "db_password", secret: "", operation: "" },
    { id: 12, type: "env", name: "TOKEN", secret: "", operation: "" },
  ],
} as Environment;

test("nothing changed sends the same values and no secret operations", () => {
  const body = groupBody(1, groupValues(group), group);
  expect(JSON.parse(body.json ?? "")).toEqual({ replicas: 3, nested: { a: [1, 2] } });
  expect(JSON.parse(body.env ?? "")).toEqual({ PORT: 8080, LANG: "C" });
  expect(body.secrets).toEqual([]);
  expect(body.id).toBe(5);
});

test("stored secrets never reach the form", () => {
  expect(groupValues(group).secrets.every((s) => s.value === "")).toBe(true);
});

test("secrets are created, replaced, renamed and deleted one by one", () => {
  const values = groupValues(group);
  values.secrets[0] = { ...values.secrets[0], replace: true, value: "new" };
  values.secrets[1] = { ...values.secrets[1], remove: true };
  values.secrets.push({ key: "x", type: "env", name: " NEW ", value: "v", remove: false, replace: true });
  expect(groupBody(1, values, group).secrets).toEqual([
    { id: 11, type: "var", name: "db_password", secret: "new", operation: "update" },
    { id: 12, type: "env", name: "TOKEN", operation: "delete" },
    { type: "env", name: "NEW", secret: "v", operation: "create" },
  ]);
});

test("renaming keeps the stored value", () => {
  const values = groupValues(group);
  values.secrets[0] = { ...values.secrets[0], name: "db_pass" };
  expect(groupBody(1, values, group).secrets).toEqual([
    { id: 11, type: "var", name: "db_pass", secret: "", operation: "update" },
  ]);
});

test("refuses what is no object, and names used twice", () => {
  const rules = groupRules(((key: string) => key) as never);
  expect(rules.json("[1]")).toBe("variables.badJson");
  expect(rules.json("")).toBeNull();
  const values = groupValues(group);
  values.env[1].name = "PORT";
  expect(rules.env.name("PORT", values)).toBe("variables.repeated");
  expect(rules.env.name("1BAD", values)).toBe("variables.badEnvName");
});

test("finds the field that the server names", () => {
  expect(groupField("secrets[1].secret")).toBe("secrets.1.value");
  expect(groupField("json.replicas")).toBe("json");
});
