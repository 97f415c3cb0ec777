import type { TFunction } from "i18next";
import { shortestPassword } from "@/lib/password";
import type { UserRow } from "./api";

export type UserValues = {
  username: string;
  name: string;
  email: string;
  password: string;
  /** Asked of administrators who change their own account. */
  current_password: string;
  /** Whether the user has to choose another password at the next sign-in. */
  must_change_password: boolean;
  admin: boolean;
  alert: boolean;
  disabled: boolean;
};

export function userValues(user?: UserRow): UserValues {
  return {
    username: user?.username ?? "",
    name: user?.name ?? "",
    email: user?.email ?? "",
    password: "",
    current_password: "",
    // Whoever sets a password for others makes them choose their own, unless told otherwise.
    must_change_password: true,
    admin: user?.admin ?? false,
    alert: user?.alert ?? false,
    disabled: user?.disabled ?? false,
  };
}

/** What is sent. A password left empty stays as it is; what the form does not show goes back as it came. */
export function userBody(values: UserValues, user?: UserRow) {
  return {
    username: values.username.trim(),
    name: values.name.trim(),
    email: values.email.trim(),
    admin: values.admin,
    alert: values.alert,
    disabled: values.disabled,
    external: user?.external ?? false,
    pro: user?.pro ?? false,
    ...(!user?.external && (values.password || user?.must_change_password)
      ? { must_change_password: values.must_change_password }
      : {}),
    ...(values.password ? { password: values.password } : {}),
    ...(values.current_password ? { current_password: values.current_password } : {}),
  };
}

export function userRules(t: TFunction, isNew: boolean) {
  const required = (v: string) => (v.trim() ? null : t("errors.required"));
  return {
    username: required,
    name: required,
    email: (v: string) => required(v) ?? (/^\S+@\S+$/.test(v.trim()) ? null : t("emailWrong")),
    password: (v: string) => {
      if (v === "") return isNew ? t("errors.required") : null;
      return v.length < shortestPassword ? t("passwordShort", { count: shortestPassword }) : null;
    },
  };
}
