import { expect, test } from "vitest";
import { countHosts, inventoryBody, inventoryRules, inventoryValues } from "./values";

test("a file inventory sends its path and repository, a static one its text only", () => {
  const values = {
    ...inventoryValues(),
    name: "Hosts",
    ssh_key_id: 1,
    repository_id: 4,
    path: " inventories/prod ",
    text: "[web]\nweb1\n",
  };
  expect(inventoryBody(2, { ...values, type: "file" })).toMatchObject({
    inventory: "inventories/prod",
    repository_id: 4,
  });
  expect(inventoryBody(2, { ...values, type: "static" })).toMatchObject({
    inventory: "[web]\nweb1\n",
    repository_id: null,
  });
});

test("paths out of the repository are refused", () => {
  const rules = inventoryRules(((key: string) => key) as never);
  const file = { ...inventoryValues(), type: "file" };
  expect(rules.path("../etc/hosts", file)).toBe("inventories.pathOutside");
  expect(rules.path("/etc/hosts", file)).toBe("inventories.pathOutside");
  expect(rules.path("hosts..ini", file)).toBeNull();
});

test("counts hosts once and skips variables, children and comments", () => {
  const inventory = "top1\n# no\n[web]\nweb1 a=b\nweb2\n[db]\nweb1\n[web:vars]\nx=y\n[all:children]\nweb\n";
  expect(countHosts({ type: "static", inventory })).toBe(3);
  expect(countHosts({ type: "file", inventory: "hosts" })).toBeUndefined();
});
