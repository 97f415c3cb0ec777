import type { Family } from "@/api/apps";

export type TabName = "log" | "plan" | "hosts" | "details" | "parameters";

/** The parts of a run's page that there are; a linked one is there at once, before the app is known. */
export function tabsOf(family: Family | undefined, status: string, linked: unknown): TabName[] {
  const plan = family === "terraform" || status === "waiting_confirmation" || (family === undefined && linked === "plan");
  const hosts = family === "ansible" || (family === undefined && linked === "hosts");
  return ["log", ...(plan ? (["plan"] as const) : []), ...(hosts ? (["hosts"] as const) : []), "details", "parameters"];
}

/** What a run shows when its address names nothing: what has to be decided, else its log. */
export function usualTab(status: string): TabName {
  return status === "waiting_confirmation" ? "plan" : "log";
}
