import type { TFunction } from "i18next";
import type { Repository, RepositoryInput } from "@/api/types";
import { transport } from "@/lib/gitUrl";

export type RepositoryValues = {
  name: string;
  git_url: string;
  git_branch: string;
  ssh_key_id: number | null;
};

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
