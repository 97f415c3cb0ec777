import { expect, test } from "vitest";
import { fittingKeys, hostConfigBody, hostConfigRules, hostConfigValues } from "./values";

test("only keys that the server takes are offered", () => {
  const of = (type: "host" | "url", host: string) => fittingKeys({ type, host, ssh_key_id: null });
  expect(of("host", "git.example.org")).toEqual(["ssh"]);
  expect(of("url", "https://git.example.org/team")).toEqual(["ssh", "login_password"]);
  expect(of("url", "")).toEqual(["ssh", "login_password"]);
  expect(of("url", " HTTP://git.example.org")).toEqual(["ssh"]);
});

test("hosts and addresses are told apart", () => {
  const rules = hostConfigRules(((key: string) => key) as never);
  const check = (type: "host" | "url", host: string) => rules.host(host, { type, host, ssh_key_id: 1 });
  expect(check("host", " ")).toBe("errors.required");
  expect(check("host", "git.example.org:2222")).toBeNull();
  expect(check("host", "[2001:db8::1]:22")).toBeNull();
  expect(check("host", "git@git.example.org")).toBe("hostConfigs.badHost");
  expect(check("host", "https://git.example.org")).toBe("hostConfigs.badHost");
  expect(check("url", "https://git.example.org/team")).toBeNull();
  expect(check("url", "git.example.org")).toBe("hostConfigs.badUrl");
  expect(rules.ssh_key_id(null)).toBe("errors.required");
});

test("what was read goes back as it was", () => {
  const config = { id: 7, project_id: 1, type: "url", host: "https://git.example.org", ssh_key_id: 3 } as const;
  expect(hostConfigBody(1, hostConfigValues(config), 7)).toEqual(config);
  expect(hostConfigBody(1, { type: "host", host: " a ", ssh_key_id: 2 })).toEqual({
    project_id: 1, type: "host", host: "a", ssh_key_id: 2,
  });
});
