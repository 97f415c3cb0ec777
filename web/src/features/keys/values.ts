import type { TFunction } from "i18next";
import type { Key, KeyInput } from "@/api/types";

export const keyTypes = ["ssh", "login_password", "string", "none"] as const;

export const keySources = ["database", "env", "file"] as const;

export type KeyValues = {
  name: string;
  type: string;
  /** Whether the secret is set: always for a new key, on request for an existing one. */
  replace: boolean;
  login: string;
  password: string;
  passphrase: string;
  privateKey: string;
  text: string;
  /** Where the secret is kept: with the key, or at `place` of the server. */
  source: string;
  place: string;
};

export function keyValues(key?: Key): KeyValues {
  return {
    name: key?.name ?? "",
    type: key?.type ?? "ssh",
    replace: key === undefined,
    login: "",
    password: "",
    passphrase: "",
    privateKey: "",
    text: "",
    source: key?.source_storage_type ?? "database",
    place: key?.source_storage_key ?? "",
  };
}

/** Whether the secret is kept elsewhere than with the key. */
export function elsewhere(values: KeyValues): boolean {
  return values.type !== "none" && values.source !== "database";
}

/** What is sent: a secret only when it is new or to be replaced. */
export function keyBody(project: number, values: KeyValues, id?: number): KeyInput {
  const body: KeyInput = {
    ...(id === undefined ? {} : { id }),
    project_id: project,
    name: values.name.trim(),
    type: values.type,
  };
  if (!values.replace) return body;
  if (id !== undefined) body.override_secret = true;
  if (elsewhere(values)) {
    body.source_storage_type = values.source;
    body.source_storage_key = values.place.trim();
    return body;
  }
  if (values.type === "ssh") {
    const key = values.privateKey.replace(/\r\n/g, "\n").trim();
    body.ssh = {
      login: values.login.trim(),
      passphrase: values.passphrase,
      private_key: key && `${key}\n`,
    };
  }
  if (values.type === "login_password") {
    body.login_password = { login: values.login.trim(), password: values.password };
  }
  if (values.type === "string") body.string = values.text;
  return body;
}

export function keyRules(t: TFunction) {
  const required = (wanted: boolean, value: string) =>
    wanted && !value.trim() ? t("errors.required") : null;
  return {
    name: (v: string) => required(true, v),
    privateKey: (v: string, all: KeyValues) => {
      if (!all.replace || elsewhere(all) || all.type !== "ssh") return null;
      if (!v.trim()) return t("errors.required");
      return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(v) ? null : t("keys.notPrivate");
    },
    password: (v: string, all: KeyValues) =>
      required(all.replace && !elsewhere(all) && all.type === "login_password", v),
    text: (v: string, all: KeyValues) =>
      required(all.replace && !elsewhere(all) && all.type === "string", v),
    place: (v: string, all: KeyValues) => required(all.replace && elsewhere(all), v),
  };
}

/** The form's name of a field that the server complains about. */
export function keyField(field: string): string {
  const names: Record<string, string> = {
    "ssh.private_key": "privateKey",
    "ssh.passphrase": "passphrase",
    "ssh.login": "login",
    "login_password.login": "login",
    "login_password.password": "password",
    string: "text",
    source_storage_type: "source",
    source_storage_key: "place",
  };
  return names[field] ?? field;
}
