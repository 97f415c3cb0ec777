import type { TFunction } from "i18next";
import type { App, AppInput } from "@/api/types";

export type AppValues = {
  id: string;
  title: string;
  path: string;
  args: string[];
  icon: string;
  color: string;
  dark_color: string;
  priority: number | string;
  active: boolean;
};

export function appValues(app?: App): AppValues {
  return {
    id: app?.id ?? "",
    title: app?.title ?? "",
    path: app?.path ?? "",
    args: app?.args ?? [],
    icon: app?.icon ?? "",
    color: app?.color ?? "",
    dark_color: app?.dark_color ?? "",
    priority: app?.priority ?? 0,
    active: app?.active ?? true,
  };
}

/** The whole app: the server replaces all of it. */
export function appBody(values: AppValues): AppInput {
  return {
    title: values.title.trim(),
    path: values.path.trim(),
    args: values.args,
    icon: values.icon.trim(),
    color: values.color.trim(),
    dark_color: values.dark_color.trim(),
    priority: Math.trunc(Number(values.priority) || 0),
    active: values.active,
  };
}

const idPattern = /^[a-z0-9][a-z0-9_-]*$/;
const colorPattern = /^#[0-9a-f]{3}([0-9a-f]{3})?$/i;

export function appRules(t: TFunction, taken: readonly string[]) {
  const color = (v: string) => (v.trim() === "" || colorPattern.test(v.trim()) ? null : t("fields.badColor"));
  return {
    id: (v: string) => {
      if (!v.trim()) return t("errors.required");
      if (!idPattern.test(v.trim())) return t("fields.badId");
      return taken.includes(v.trim()) ? t("fields.takenId") : null;
    },
    title: (v: string) => (v.trim() ? null : t("errors.required")),
    color,
    dark_color: color,
  };
}
