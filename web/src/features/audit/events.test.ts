import { expect, test } from "vitest";
import { activityOf, changesOf, fieldName, isLong } from "./events";

const common = {
  id: 9, created: "2026-01-31T10:00:00Z", action: "update", outcome: "success", project_id: 2, project_name: "Web",
  integration_id: null, object_type: "template", object_id: 7, object_name: "Deploy", target: "Ship",
};
const record = {
  ...common, description: "Template Ship updated", user_id: 3, username: "ada", token: "abcd1234", address: "10.0.0.1", user_agent: "curl",
  changes: { Name: { old: "Ship", new: "Deploy" } },
};

test("both lists of the server give the same line", () => {
  const { token, address, user_agent, changes, ...short } = record;
  const whole = activityOf(record);
  expect(whole).toMatchObject({ user: { id: 3, name: "ada" }, project: { id: 2, name: "Web" }, name: "Deploy", exists: true, token, address, agent: user_agent });
  expect(whole.changes).toEqual([{ field: "Name", secret: false, before: "Ship", after: changes.Name.new }]);
  expect(activityOf(short)).toEqual({ ...whole, token: "", address: "", agent: "", changes: [] });
});

test("what is gone keeps its name, and nobody is nobody", () => {
  const gone = activityOf({ ...record, object_name: "", user_id: null, username: "" });
  expect(gone).toMatchObject({ name: "Ship", exists: false, user: null });
  expect(activityOf({ ...record, user_id: null }).user).toEqual({ id: null, name: "ada" });
});

test("changes are read whatever their values are", () => {
  expect(
    changesOf({ MaxParallelTasks: { old: 0, new: 5 }, Tags: { old: null, new: ["a"] }, TokenHash: { secret: true }, Odd: 3 }),
  ).toEqual([
    { field: "Max parallel tasks", secret: false, before: "0", after: "5" },
    { field: "Tags", secret: false, before: "", after: '[\n  "a"\n]' },
    { field: "Token hash", secret: true },
  ]);
  expect(changesOf(undefined)).toEqual([]);
  expect(changesOf("text")).toEqual([]);
});

test("names of fields become words", () => {
  expect(fieldName("SSHKeyID")).toBe("SSH key ID");
  expect(fieldName("GitURL")).toBe("Git URL");
  expect(fieldName("JSON")).toBe("JSON");
  expect(fieldName("Name")).toBe("Name");
});

test("texts of several lines are told apart line by line", () => {
  expect(isLong({ before: "a\nb", after: "" })).toBe(true);
  expect(isLong({ before: "", after: "x".repeat(161) })).toBe(true);
  expect(isLong({ before: "a", after: "b" })).toBe(false);
});
