import { expect, test } from "vitest";
import { auditQuery, isDay, isFiltered, NO_FILTER, parseAuditSearch, writeAuditSearch } from "./filters";

const full = {
  q: "deploy", user: 3, project: 2, action: "update", outcome: "denied", type: "template", object: 7,
  since: "2026-01-31", until: "2026-02-28",
} as const;

test("filters come back from the address as they were written", () => {
  expect(parseAuditSearch(writeAuditSearch(full))).toEqual(full);
  expect(parseAuditSearch({ q: 12, user: "3" })).toEqual({ ...NO_FILTER, q: "12", user: 3 });
});

test("what the address does not know is ignored", () => {
  const odd = { action: "explode", outcome: "so-so", type: "cat", user: "-1", object: 1.5, project: "x", since: "2026-02-30", until: "yesterday" };
  expect(parseAuditSearch(odd)).toEqual(NO_FILTER);
  expect(isFiltered(parseAuditSearch(odd))).toBe(false);
  expect(isFiltered({ ...NO_FILTER, object: 7 })).toBe(true);
});

test("years that are still being typed are no days", () => {
  expect(["0002-01-31", "0202-01-31", "2026-01-31", "2026-1-31", ""].filter(isDay)).toEqual(["2026-01-31"]);
});

test("days are those of the user, and the last one counts", () => {
  const query = auditQuery(full);
  expect(query).toMatchObject({ search: "deploy", user_id: 3, project_id: 2, action: "update", outcome: "denied", object_type: "template", object_id: 7 });
  expect(query.since).toBe(new Date(2026, 0, 31).toISOString());
  expect(query.until).toBe(new Date(2026, 2, 1).toISOString());
  expect(auditQuery(NO_FILTER)).toEqual({});
  expect(auditQuery({ ...NO_FILTER, q: "  " })).toEqual({});
});
