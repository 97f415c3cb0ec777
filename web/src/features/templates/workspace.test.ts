import { expect, test } from "vitest";
import type { Inventory, Template } from "@/api/types";
import { workspaceBody, workspaceRules, workspaceValues } from "./workspace";

const template = { id: 4, app: "tofu" } as Template;
const item = {
  id: 9, project_id: 1, name: "Production", inventory: "prod", type: "tofu-workspace",
  ssh_key_id: 3, become_key_id: null, repository_id: null, template_id: 4,
} as unknown as Inventory;

test("a new workspace is called what it is named, unless told otherwise", () => {
  const values = { ...workspaceValues(), name: " staging " };
  expect(workspaceBody(1, template, values)).toMatchObject({
    project_id: 1, template_id: 4, type: "tofu-workspace", name: "staging", inventory: "staging", ssh_key_id: null,
  });
  expect(workspaceBody(1, template, { ...values, workspace: "stg" })).toMatchObject({ name: "staging", inventory: "stg" });
});

test("an unchanged workspace goes back as it was", () => {
  expect(workspaceBody(1, template, workspaceValues(item), item)).toMatchObject({
    id: 9, template_id: 4, type: "tofu-workspace", name: "Production", inventory: "prod", ssh_key_id: 3,
  });
});

test("names that the program refuses are refused here", () => {
  const rules = workspaceRules(((key: string) => key) as never);
  const values = workspaceValues();
  expect(rules.name("", values)).toBe("errors.required");
  expect(rules.name("two words", values)).toBe("workspaces.badName");
  expect(rules.name("two words", { ...values, workspace: "one" })).toBeNull();
  expect(rules.workspace("a/b", values)).toBe("workspaces.badWorkspace");
  const attach = { ...values, mode: "attach" as const };
  expect(rules.name("", attach)).toBeNull();
  expect(rules.existing(null, attach)).toBe("errors.required");
  expect(rules.existing(5, attach)).toBeNull();
});
