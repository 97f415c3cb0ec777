import type { TFunction } from "i18next";
import type { Repository, RepositoryInput } from "@/api/types";
import { transport } from "@/lib/gitUrl";

export type RepositoryValues = {
  name: string;
  git_url: string;
  git_branch: string;
  ssh_key_id: number | null;
  /** Commits of the history; "" for all. */
  git_depth: number | string;
  git_lfs: boolean;
};

export function repositoryValues(repository?: Repository): RepositoryValues {
  return {
    name: repository?.name ?? "",
    git_url: repository?.git_url ?? "",
    git_branch: repository?.git_branch ?? "main",
    ssh_key_id: repository?.ssh_key_id ?? null,
    git_depth: repository?.git_depth ?? "",
    git_lfs: repository?.git_lfs ?? false,
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
    git_depth: Number(values.git_depth),
    git_lfs: values.git_lfs,
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
    git_depth: (v: number | string) =>
      Number.isInteger(Number(v)) && Number(v) >= 0 ? null : t("repositories.badDepth"),
    ssh_key_id: (v: number | null) => (v === null ? t("errors.required") : null),
  };
}
