import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconVariable } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { environmentKeys, environmentsQuery } from "@/api/queries";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { groupValues } from "./values";
import { VariablesForm } from "./VariablesForm";
import type { Environment } from "@/api/types";

/** The names that a group sets, as far as the list knows them. */
function names(group: Environment): string[] {
  const { json, env } = groupValues(group);
  let extra: string[] = [];
  try {
    extra = Object.keys(JSON.parse(json || "{}") as object);
  } catch {
    // Shown by the form; the list then names the environment only.
  }
  return [...extra, ...env.map((row) => row.name)];
}

export default function VariablesPage() {
  const { t } = useTranslation("resources");
  const { pid } = useParams({ from: "/app/project/$pid/environment" });
  const groups = useQuery(environmentsQuery(pid));
  const columns = useMemo<Column<Environment>[]>(
    () => [
      {
        id: "names",
        header: t("variables.names"),
        sort: (g) => names(g).length,
        render: (g) => <span className="mono dim">{names(g).join(", ") || "–"}</span>,
      },
    ],
    [t],
  );
  return (
    <ResourcePage<Environment>
      project={pid}
      icon={IconVariable}
      texts={{
        name: t("fields.name"),
        title: t("variables.title"),
        description: t("variables.description"),
        create: t("variables.create"),
        empty: t("variables.empty"),
        emptyText: t("variables.emptyText"),
      }}
      query={groups}
      columns={columns}
      text={(g) => `${g.name} ${names(g).join(" ")}`}
      meta={(g) => names(g).join(", ") || "–"}
      remove={(g) =>
        done(
          api.DELETE("/api/project/{project_id}/environment/{environment_id}", {
            params: { path: { project_id: pid, environment_id: g.id } },
          }),
        )
      }
      refresh={environmentKeys.all(pid)}
      form={(props) => <VariablesForm {...props} />}
    />
  );
}
