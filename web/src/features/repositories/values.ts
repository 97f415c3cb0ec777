import type { TFunction } from "i18next";
import type { Repository, RepositoryInput } from "@/api/types";

export type RepositoryValues = {
  name: string;
  git_url: string;
  git_branch: string;
  ssh_key_id: number | null;
};

/** How git reaches an address; the server decides the same way. */
export type Transport = "empty" | "local" | "file" | "https" | "http" | "ssh" | "git" | "other";

export function transport(url: string): Transport {
  const address = url.trim();
  if (address === "") return "empty";
  if (address.startsWith("/")) return "local";
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1].toLowerCase();
  if (!scheme) return "ssh";
  const known: Transport[] = ["file", "https", "http", "ssh", "git"];
  return known.find((name) => name === scheme) ?? "other";
}

export function repositoryValues(repository?: Repository): RepositoryValues {
  return {
    name: repository?.name ?? "",
    git_url: repository?.git_url ?? "",
    git_branch: repository?.git_branch ?? "main",
    ssh_key_id: repository?.ssh_key_id ?? null,
  };
}

export function repositoryBody(
  project: number,
  values: RepositoryValues,
  id?: number,
): RepositoryInput {
  return {
    ...(id === undefined ? {} : { id }),
    project_id: project,
    name: values.name.trim(),
    git_url: values.git_url.trim(),
    git_branch: values.git_branch.trim(),
    ssh_key_id: values.ssh_key_id ?? 0,
  };
}

export function repositoryRules(t: TFunction) {
  return {
    name: (v: string) => (v.trim() ? null : t("errors.required")),
    git_url: (v: string) => {
      if (!v.trim()) return t("errors.required");
      if (v.trim().startsWith("-")) return t("repositories.badUrl");
      return transport(v) === "other" ? t("repositories.badScheme") : null;
    },
    git_branch: (v: string, all: RepositoryValues) =>
      v.trim() || transport(all.git_url) === "local" ? null : t("errors.required"),
    ssh_key_id: (v: number | null) => (v === null ? t("errors.required") : null),
  };
}
