import { expect, test } from "vitest";
import { filterRows, sortRows } from "./tableRows";

const rows = [
  { name: "web10", size: 3 },
  { name: "Web2", size: undefined },
  { name: "db1", size: 12 },
];
const columns = [
  { id: "name", sort: (r: (typeof rows)[0]) => r.name },
  { id: "size", sort: (r: (typeof rows)[0]) => r.size },
];
const names = (list: typeof rows) => list.map((r) => r.name);

test("filters by every word, whatever its case", () => {
  expect(names(filterRows(rows, "WEB", (r) => r.name))).toEqual(["web10", "Web2"]);
  expect(names(filterRows(rows, "web 1", (r) => r.name))).toEqual(["web10"]);
  expect(filterRows(rows, "  ", (r) => r.name)).toBe(rows);
});

test("sorts numbers inside names by value", () => {
  expect(names(sortRows(rows, "name", columns))).toEqual(["db1", "Web2", "web10"]);
});

test("keeps missing values last in both directions", () => {
  expect(names(sortRows(rows, "size", columns))).toEqual(["web10", "db1", "Web2"]);
  expect(names(sortRows(rows, "-size", columns))).toEqual(["db1", "web10", "Web2"]);
});

test("an unknown column changes nothing", () => {
  expect(sortRows(rows, "nope", columns)).toBe(rows);
});
