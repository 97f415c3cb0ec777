import { expect, test } from "vitest";
import { hasBranches, transport } from "@/lib/gitUrl";
import { repositoryBody, repositoryRules, repositoryValues } from "./values";

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

test("what is stored beside the fields everybody needs is sent again", () => {
  const stored = {
    id: 4,
    name: "a",
    project_id: 3,
    git_url: "/srv/a",
    git_branch: "",
    ssh_key_id: 1,
    git_depth: 5,
    git_lfs: true,
  };
  expect(repositoryBody(3, repositoryValues(stored), 4)).toEqual(stored);
  expect(repositoryBody(3, repositoryValues()).git_depth).toBe(0);
  expect(repositoryRules(((key: string) => key) as never).git_depth("1.5")).toBe(
    "repositories.badDepth",
  );
});
