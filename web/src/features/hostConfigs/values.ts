import type { TFunction } from "i18next";
import type { HostConfig, HostConfigInput } from "@/api/types";

export const hostConfigTypes = ["host", "url"] as const;
export type HostConfigType = (typeof hostConfigTypes)[number];

export type HostConfigValues = {
  type: HostConfigType;
  host: string;
  ssh_key_id: number | null;
};

export function hostConfigValues(config?: HostConfig): HostConfigValues {
  return {
    type: config?.type ?? "host",
    host: config?.host ?? "",
    ssh_key_id: config?.ssh_key_id ?? null,
  };
}

export function hostConfigBody(project: number, values: HostConfigValues, id?: number): HostConfigInput {
  return {
    ...(id === undefined ? {} : { id }),
    project_id: project,
    type: values.type,
    host: values.host.trim(),
    ssh_key_id: values.ssh_key_id ?? 0,
  };
}

/** The types of keys that fit: a password is only sent over an encrypted address. */
export function fittingKeys({ type, host }: HostConfigValues): string[] {
  const password = type === "url" && !/^http:\/\//i.test(host.trim());
  return password ? ["ssh", "login_password"] : ["ssh"];
}

export function hostConfigRules(t: TFunction) {
  return {
    host: (v: string, all: HostConfigValues) => {
      const text = v.trim();
      if (!text) return t("errors.required");
      const address = /^https?:\/\//i.test(text);
      if (all.type === "url") return address ? null : t("hostConfigs.badUrl");
      return address || /[\s/@]/.test(text) ? t("hostConfigs.badHost") : null;
    },
    ssh_key_id: (v: number | null) => (v === null ? t("errors.required") : null),
  };
}
