import { expect, test } from "vitest";
import type { Stage } from "@/api/types";
import { diffLines, unifiedLines } from "@/ui/diff";
import { groups, lastPlan, readPlan, show } from "./summary";

const stage = (type: string, result: unknown): Stage =>
  ({ id: 1, task_id: 1, type, start: null, end: null, start_output_id: null, end_output_id: null, result }) as Stage;

const result = {
  add: 2, change: 1, destroy: 1, replace: 1, has_changes: true,
  resources: [
    { address: "a.new", action: "create", changes: [{ name: "id", before: null, after: "(known after apply)" }] },
    { address: "a.strange", action: "frobnicate" },
    { address: "a.swap", action: "replace", changes: [{ name: "ami", before: "x", after: "y", replaces: true }] },
    { address: "a.gone", action: "delete" },
  ],
  outputs: [{ name: "url", action: "update", before: "a", after: "b" }],
  bound: { commit: "0123456789abcdef", workspace: "prod", state_serial: 7, destroy: false },
};

test("reads the result of a plan", () => {
  const plan = readPlan(result);
  expect(plan.counts).toMatchObject({ add: 2, change: 1, destroy: 1, replace: 1, import: 0 });
  expect(plan).toMatchObject({ commit: "0123456789abcdef", workspace: "prod", serial: 7, destroys: false, truncated: false });
  expect(plan.resources[2].changes[0]).toEqual({ name: "ami", before: "x", after: "y", replaces: true });
  expect(plan.outputs[0]).toMatchObject({ address: "url", action: "update" });
});

test("nothing that a server may send makes reading fail", () => {
  for (const odd of [null, undefined, 3, "x", [], { resources: {}, outputs: [null], add: "many", bound: 1 }]) {
    expect(readPlan(odd).counts.add).toBe(0);
  }
});

test("the last plan with a result counts", () => {
  expect(lastPlan([stage("init", null), stage("terraform_plan", null)])).toBeNull();
  const plan = lastPlan([stage("terraform_plan", { add: 1 }), stage("terraform_plan", { add: 2 }), stage("running", { add: 3 })]);
  expect(plan?.counts.add).toBe(2);
});

test("dangerous actions come first, unknown ones last", () => {
  const { resources } = readPlan(result);
  expect(groups(resources, "").map((g) => g.action)).toEqual(["delete", "replace", "create", "frobnicate"]);
  expect(groups(resources, " SWAP ").map((g) => g.resources[0].address)).toEqual(["a.swap"]);
  expect(groups(resources, "nope")).toEqual([]);
});

test("values show as a person reads them", () => {
  expect(show(null)).toBe("");
  expect(show("a b")).toBe("a b");
  expect(show(false)).toBe("false");
  expect(show({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
});

test("a difference by lines keeps what stayed", () => {
  const lines = diffLines("a\nb\nc\nd", "a\nx\nc\ny\nd");
  expect(lines.map((l) => l.kind[0] + l.text)).toEqual(["sa", "rb", "ax", "sc", "ay", "sd"]);
  expect(diffLines("", "one").map((l) => l.kind)).toEqual(["added"]);
  expect(diffLines("one", "").map((l) => l.kind)).toEqual(["removed"]);
  expect(diffLines("same", "same").map((l) => l.kind)).toEqual(["same"]);
});

test("huge texts are shown one after the other, whole", () => {
  const many = (word: string) => Array.from({ length: 600 }, (_, i) => `${word}${String(i)}`).join("\n");
  const lines = diffLines(many("a"), many("b"));
  expect(lines).toHaveLength(1200);
  expect(lines[0].kind).toBe("removed");
  expect(lines[1199].kind).toBe("added");
});

test("a printed difference is told apart from its head", () => {
  expect(unifiedLines("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n").map((l) => l.kind)).toEqual([
    "same", "same", "same", "removed", "added", "same",
  ]);
});
