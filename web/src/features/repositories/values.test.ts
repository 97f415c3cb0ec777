import { expect, test } from "vitest";
import { hasBranches, transport } from "@/lib/gitUrl";
import { repositoryRules, repositoryValues } from "./values";

test.each([
  ["", "empty"],
  ["/srv/playbooks", "local"],
  ["file:///srv/playbooks", "file"],
  ["https://git.example.com/a.git", "https"],
  ["git@git.example.com:team/a.git", "ssh"],
  ["ssh://git@git.example.com/a.git", "ssh"],
  ["git://git.example.com/a.git", "git"],
  ["ftp://example.com/a", "other"],
])("%s is reached as %s", (url, expected) => {
  expect(transport(url)).toBe(expected);
});

test("branches are asked for only where the server can list them", () => {
  expect(hasBranches("https://git.example.com/a.git")).toBe(true);
  expect(hasBranches("/srv/playbooks")).toBe(false);
});

test("addresses that git would take for an option are refused", () => {
  const rules = repositoryRules(((key: string) => key) as never);
  expect(rules.git_url("--upload-pack=x")).toBe("repositories.badUrl");
  expect(rules.git_url("ftp://example.com/a")).toBe("repositories.badScheme");
  expect(rules.git_branch("", { ...repositoryValues(), git_url: "/srv/x" })).toBeNull();
});
