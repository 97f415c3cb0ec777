import { expect, test } from "vitest";
import { registrationEnv, runnerBody, runnerConfig, runnerRules, runnerValues, stateOf } from "./values";

const runner = {
  id: 4, project_id: null, name: "edge", tag: "eu", tags: ["eu", "big"], webhook: "https://edge.example.org/wake",
  max_parallel_tasks: 3, active: true, is_default: true, registered: true, touched: null, cleaning_requested: null,
};

test("what was read goes back as it was", () => {
  expect(runnerBody(runnerValues(runner), runner)).toEqual({
    name: "edge", tags: ["eu", "big"], webhook: "https://edge.example.org/wake", max_parallel_tasks: 3, active: true, is_default: true,
  });
});

test("new runners say how they join", () => {
  const values = { ...runnerValues(), name: " edge ", max_parallel_tasks: "2" };
  expect(runnerBody(values)).toMatchObject({ name: "edge", max_parallel_tasks: 2, active: true, registered: true });
  expect(runnerBody({ ...values, join: "register" }).registered).toBe(false);
});

test("the state follows from the last call", () => {
  const now = Date.parse("2026-01-31T10:00:00Z");
  const ago = (seconds: number) => stateOf({ ...runner, touched: new Date(now - seconds * 1000).toISOString() }, now);
  expect(ago(0)).toBe("online");
  expect(ago(60)).toBe("online");
  expect(ago(61)).toBe("late");
  expect(ago(301)).toBe("offline");
  expect(ago(-30)).toBe("online");
  expect(stateOf(runner, now)).toBe("never");
  expect(stateOf({ ...runner, registered: false }, now)).toBe("unregistered");
  expect(stateOf({ ...runner, active: false }, now)).toBe("off");
});

test("mistakes are said before they are sent", () => {
  const rules = runnerRules(((key: string) => key) as never);
  expect(rules.name(" ")).toBe("errors.required");
  expect(rules.webhook("")).toBeNull();
  expect(rules.webhook("https://edge/wake")).toBeNull();
  expect(rules.webhook("edge/wake")).toBe("webhookWrong");
  expect(rules.max_parallel_tasks(0)).toBeNull();
  expect(rules.max_parallel_tasks("1.5")).toBe("capacityWrong");
  expect(rules.max_parallel_tasks(-1)).toBe("capacityWrong");
});

test("the settings hold what the runner signs in with", () => {
  expect(JSON.parse(runnerConfig("https://ci.example.org", "abc"))).toEqual({
    web_host: "https://ci.example.org", runner: { token: "abc", private_key_file: "runner.key.pem" },
  });
  expect(registrationEnv("https://ci.example.org", "once").split("\n")).toContain("SEMAPHORE_RUNNER_REGISTRATION_TOKEN=once");
});
