import type { TFunction } from "i18next";
import type { Runner, RunnerInput } from "@/api/types";

export interface RunnerValues {
  name: string;
  tags: string[];
  webhook: string;
  max_parallel_tasks: number | string;
  active: boolean;
  is_default: boolean;
  /** Only for new ones: its token now, or a one-time token that it registers itself with. */
  join: "token" | "register";
}

export function runnerValues(runner?: Runner): RunnerValues {
  return {
    name: runner?.name ?? "",
    tags: runner?.tags ?? [],
    webhook: runner?.webhook ?? "",
    max_parallel_tasks: runner?.max_parallel_tasks ?? 0,
    active: runner?.active ?? true,
    is_default: runner?.is_default ?? false,
    join: "token",
  };
}

export function runnerBody(values: RunnerValues, original?: Runner): RunnerInput {
  return {
    name: values.name.trim(),
    tags: values.tags,
    webhook: values.webhook.trim(),
    max_parallel_tasks: Number(values.max_parallel_tasks),
    active: values.active,
    is_default: values.is_default,
    ...(original ? {} : { registered: values.join === "token" }),
  };
}

export function runnerRules(t: TFunction) {
  return {
    name: (v: string) => (v.trim() ? null : t("errors.required")),
    webhook: (v: string) => (!v.trim() || /^https?:\/\/[^\s/]+/i.test(v.trim()) ? null : t("webhookWrong")),
    max_parallel_tasks: (v: number | string) => (Number.isInteger(Number(v)) && Number(v) >= 0 ? null : t("capacityWrong")),
  };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How long ago a runner may have called to be taken for there, and for merely late. */
const online = MINUTE;
const late = 5 * MINUTE;

export type RunnerState = "off" | "unregistered" | "never" | "online" | "late" | "offline";

export function stateOf(runner: Pick<Runner, "active" | "registered" | "touched">, now: number): RunnerState {
  if (!runner.active) return "off";
  if (!runner.registered) return "unregistered";
  if (!runner.touched) return "never";
  const silence = now - Date.parse(runner.touched);
  if (silence <= online) return "online";
  return silence <= late ? "late" : "offline";
}

/** The caches are to be emptied, and the runner has not called since. */
export function awaitsCleaning(runner: Pick<Runner, "cleaning_requested">): boolean {
  return runner.cleaning_requested !== null;
}

/** The part of a runner's file of settings that makes it this runner. */
export function runnerConfig(server: string, token: string): string {
  return JSON.stringify({ web_host: server, runner: { token, private_key_file: "runner.key.pem" } }, null, 2);
}

/** The variables of its environment that a runner registers itself with: the one-time token belongs into no file. */
export function registrationEnv(server: string, token: string): string {
  return [
    `SEMAPHORE_WEB_ROOT=${server}`,
    `SEMAPHORE_RUNNER_REGISTRATION_TOKEN=${token}`,
    "SEMAPHORE_RUNNER_TOKEN_FILE=runner.token",
    "SEMAPHORE_RUNNER_PRIVATE_KEY_FILE=runner.key.pem",
  ].join("\n");
}
