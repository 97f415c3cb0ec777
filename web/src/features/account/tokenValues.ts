import type { TFunction } from "i18next";
import type { TokenInput } from "@/api/types";

export const scopes = ["read", "run", "write", "admin"] as const;

/** How many days a token may be good for; "" for ever, "day" until a day that is chosen. */
export const lives = ["", "7", "30", "90", "365", "day"] as const;

export interface TokenValues {
  name: string;
  scopes: string[];
  projects: string[];
  life: string;
  /** The last day, as `2026-01-31` where the user is. */
  day: string;
}

export const noToken: TokenValues = { name: "", scopes: [], projects: [], life: "", day: "" };

const DAY = 24 * 3600 * 1000;

function expiry({ life, day }: TokenValues, now: number): Date | undefined {
  if (life === "") return undefined;
  if (life !== "day") return new Date(now + Number(life) * DAY);
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date, 23, 59, 59);
}

export function tokenBody(values: TokenValues, now: number): TokenInput {
  return {
    name: values.name.trim() || undefined,
    scopes: values.scopes.length > 0 ? values.scopes : undefined,
    projects: values.projects.length > 0 ? values.projects.map(Number) : undefined,
    expires_at: expiry(values, now)?.toISOString(),
  };
}

export function tokenRules(t: TFunction, now: () => number) {
  return {
    day: (v: string, all: TokenValues) => {
      if (all.life !== "day") return null;
      if (!v) return t("errors.required");
      const end = expiry(all, now())?.getTime() ?? NaN;
      return end > now() ? null : t("tokens.past");
    },
  };
}
