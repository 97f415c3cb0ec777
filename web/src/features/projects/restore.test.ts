import { expect, test } from "vitest";
import { backupFile, readBackup, restoreBody } from "./restore";

test("only backups of projects are taken", () => {
  for (const text of ["", "[]", "null", "{", '{"meta": 1}', '{"templates": []}']) {
    expect(readBackup(text)).toBeUndefined();
  }
});

test("what a document holds is counted", () => {
  const chosen = readBackup('{"meta": {"name": "Web"}, "templates": [{}, {}], "keys": [{}], "secrets": {"kdf": "argon2id"}}');
  expect(chosen?.name).toBe("Web");
  expect(chosen?.secrets).toBe(true);
  expect(chosen?.parts.filter((p) => p.count > 0)).toEqual([
    { key: "templates", count: 2 },
    { key: "keys", count: 1 },
  ]);
});

test("the document goes out as it is, under the chosen name", () => {
  const chosen = readBackup('{"meta": {"name": "Web", "alert": true}, "roles": [{"slug": "dev"}]}')!;
  expect(restoreBody(chosen, " Web 2 ", "")).toEqual({
    meta: { name: "Web 2", alert: true },
    roles: [{ slug: "dev" }],
  });
  expect(restoreBody(chosen, "Web", "a passphrase")).toHaveProperty("passphrase", "a passphrase");
});

test("names of files are safe", () => {
  const day = new Date("2026-03-01T12:00:00Z");
  expect(backupFile("Web servers / prod", day)).toBe("Web-servers-prod-2026-03-01.json");
  expect(backupFile("../..", day)).toBe("project-2026-03-01.json");
  expect(backupFile("Сайт", day)).toBe("Сайт-2026-03-01.json");
});
