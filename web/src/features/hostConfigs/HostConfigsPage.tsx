import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconLockAccess } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { hostConfigKeys, hostConfigsQuery, keysQuery } from "@/api/queries";
import type { HostConfig } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { useNames } from "@/ui/useNames";
import { HostConfigForm } from "./HostConfigForm";

type Row = HostConfig & { name: string };

const named = (configs: HostConfig[]): Row[] => configs.map((c) => ({ ...c, name: c.host }));

const mono = (c: Row) => <span className="mono">{c.host}</span>;

/** Sign-ins for what repositories bring along from other places. */
export default function HostConfigsPage() {
  const { t } = useTranslation("resources");
  const { pid } = useParams({ from: "/app/project/$pid/host_configs" });
  const configs = useQuery({ ...hostConfigsQuery(pid), select: named });
  const keyName = useNames(keysQuery(pid));
  const columns = useMemo<Column<Row>[]>(() => {
    const key = (c: Row) => keyName(c.ssh_key_id);
    const type = (c: Row) => t([`hostConfigs.types.${c.type}`, "fields.raw"], { value: c.type });
    return [
      { id: "type", header: t("fields.type"), sort: type, render: type },
      { id: "key", header: t("hostConfigs.key"), sort: key, render: key },
    ];
  }, [t, keyName]);
  return (
    <ResourcePage<Row>
      project={pid}
      icon={IconLockAccess}
      texts={{
        name: t("hostConfigs.name"),
        title: t("hostConfigs.title"),
        description: t("hostConfigs.description"),
        create: t("hostConfigs.create"),
        empty: t("hostConfigs.empty"),
        emptyText: t("hostConfigs.emptyText"),
      }}
      query={configs}
      columns={columns}
      text={(c) => `${c.host} ${keyName(c.ssh_key_id) ?? ""}`}
      title={mono}
      meta={(c) => keyName(c.ssh_key_id)}
      remove={(c) =>
        done(
          api.DELETE("/api/project/{project_id}/host_configs/{host_config_id}", {
            params: { path: { project_id: pid, host_config_id: c.id } },
          }),
        )
      }
      refresh={hostConfigKeys.all(pid)}
      form={(props) => <HostConfigForm {...props} />}
    />
  );
}
