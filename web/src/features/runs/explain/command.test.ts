import { expect, test } from "vitest";
import { commandLine, exactValue, quote } from "./command";

test("a command line can be read and pasted", () => {
  expect(commandLine({ program: "ansible-playbook", args: ["-i", "<private>/inventory_1", "--extra-vars", "@<private>/v.json", "site.yml"] })).toBe(
    "ansible-playbook -i <private>/inventory_1 --extra-vars @<private>/v.json site.yml",
  );
  expect(quote("it's")).toBe(`'it'\\''s'`);
  expect(quote("")).toBe("''");
  expect(quote("a b")).toBe("'a b'");
  expect(quote("***")).toBe("***");
});

test("the type of a value can be seen", () => {
  expect(exactValue(10)).toBe("10");
  expect(exactValue("10")).toBe('"10"');
  expect(exactValue("teal")).toBe("teal");
  expect(exactValue("true")).toBe('"true"');
  expect(exactValue(" x")).toBe('" x"');
  expect(exactValue("")).toBe('""');
  expect(exactValue({ a: 1 })).toBe('{"a":1}');
  expect(exactValue(null)).toBe("null");
  expect(exactValue(undefined)).toBe("null");
});
