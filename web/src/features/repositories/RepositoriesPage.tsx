import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconGitBranch } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { keysQuery, repositoriesQuery, repositoryKeys } from "@/api/queries";
import type { Repository } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { useNames } from "@/ui/useNames";
import { RepositoryForm } from "./RepositoryForm";

export default function RepositoriesPage() {
  const { t } = useTranslation("resources");
  const { pid } = useParams({ from: "/app/project/$pid/repositories" });
  const repositories = useQuery(repositoriesQuery(pid));
  const nameOfKey = useNames(keysQuery(pid));
  const columns = useMemo<Column<Repository>[]>(() => {
    const keyName = (r: Repository) => nameOfKey(r.ssh_key_id);
    return [
      {
        id: "url",
        header: t("repositories.url"),
        sort: (r) => r.git_url,
        render: (r) => <span className="mono">{r.git_url}</span>,
      },
      {
        id: "branch",
        header: t("repositories.branch"),
        sort: (r) => r.git_branch,
        render: (r) => <span className="mono">{r.git_branch}</span>,
      },
      {
        id: "key",
        header: t("repositories.key"),
        optional: true,
        sort: keyName,
        render: keyName,
      },
    ];
  }, [t, nameOfKey]);
  return (
    <ResourcePage<Repository>
      project={pid}
      icon={IconGitBranch}
      texts={{
        name: t("fields.name"),
        title: t("repositories.title"),
        description: t("repositories.description"),
        create: t("repositories.create"),
        empty: t("repositories.empty"),
        emptyText: t("repositories.emptyText"),
      }}
      query={repositories}
      columns={columns}
      text={(r) => `${r.name} ${r.git_url} ${r.git_branch}`}
      meta={(r) => [r.git_url, r.git_branch].filter(Boolean).join(" · ")}
      remove={(r) =>
        done(
          api.DELETE("/api/project/{project_id}/repositories/{repository_id}", {
            params: { path: { project_id: pid, repository_id: r.id } },
          }),
        )
      }
      refresh={repositoryKeys.all(pid)}
      form={(props) => <RepositoryForm {...props} />}
    />
  );
}
