import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconLockAccess } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { hostConfigKeys, hostConfigsQuery, keysQuery } from "@/api/queries";
import type { HostConfig } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { OpenLink } from "@/ui/OpenLink";
import { ResourcePage } from "@/ui/ResourcePage";
import { HostConfigForm } from "./HostConfigForm";

type Row = HostConfig & { name: string };

const named = (configs: HostConfig[]): Row[] => configs.map((c) => ({ ...c, name: c.host }));

/** Sign-ins for what repositories bring along from other places. */
export default function HostConfigsPage() {
  const { t } = useTranslation("resources");
  const { pid } = useParams({ from: "/app/project/$pid/host_configs" });
  const configs = useQuery({ ...hostConfigsQuery(pid), select: named });
  const keys = useQuery(keysQuery(pid));
  const keyName = (c: HostConfig) => keys.data?.find((k) => k.id === c.ssh_key_id)?.name;
  const columns = useMemo<Column<Row>[]>(() => {
    const key = (c: Row) => keys.data?.find((k) => k.id === c.ssh_key_id)?.name;
    const type = (c: Row) => t([`hostConfigs.types.${c.type}`, "fields.raw"], { value: c.type });
    return [
      { id: "name", header: t("hostConfigs.name"), sort: (c) => c.host, render: (c) => <HostLink config={c} /> },
      { id: "type", header: t("fields.type"), sort: type, render: type },
      { id: "key", header: t("hostConfigs.key"), sort: key, render: key },
    ];
  }, [t, keys.data]);
  return (
    <ResourcePage<Row>
      project={pid}
      icon={IconLockAccess}
      texts={{
        title: t("hostConfigs.title"),
        description: t("hostConfigs.description"),
        create: t("hostConfigs.create"),
        empty: t("hostConfigs.empty"),
        emptyText: t("hostConfigs.emptyText"),
      }}
      query={configs}
      columns={columns}
      text={(c) => `${c.host} ${keyName(c) ?? ""}`}
      card={(c) => ({ title: <HostLink config={c} />, meta: keyName(c) })}
      remove={(c) =>
        done(
          api.DELETE("/api/project/{project_id}/host_configs/{host_config_id}", {
            params: { path: { project_id: pid, host_config_id: c.id } },
          }),
        )
      }
      refresh={hostConfigKeys.all(pid)}
      form={(props) => <HostConfigForm project={pid} {...props} />}
    />
  );
}

function HostLink({ config }: { config: HostConfig }) {
  return (
    <OpenLink id={config.id}>
      <span className="mono">{config.host}</span>
    </OpenLink>
  );
}
