import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconAlertTriangle, IconKey } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { keyKeys, keysQuery } from "@/api/queries";
import type { Key } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { KeyForm } from "./KeyForm";

export default function KeysPage() {
  const { t } = useTranslation("resources");
  const { pid } = useParams({ from: "/app/project/$pid/keys" });
  const keys = useQuery(keysQuery(pid));
  const type = (key: Key) => t([`keys.types.${key.type}`, "keys.types.unknown"], { type: key.type });
  const columns = useMemo<Column<Key>[]>(
    () => [
      {
        id: "type",
        header: t("fields.type"),
        sort: (k) => k.type,
        render: (k) => <Type item={k} />,
      },
    ],
    [t],
  );
  return (
    <ResourcePage<Key>
      project={pid}
      icon={IconKey}
      texts={{
        name: t("fields.name"),
        title: t("keys.title"),
        description: t("keys.description"),
        create: t("keys.create"),
        empty: t("keys.empty"),
        emptyText: t("keys.emptyText"),
      }}
      query={keys}
      columns={columns}
      text={(k) => `${k.name} ${type(k)}`}
      meta={(k) => <Type item={k} />}
      remove={(k) =>
        done(
          api.DELETE("/api/project/{project_id}/keys/{key_id}", {
            params: { path: { project_id: pid, key_id: k.id } },
          }),
        )
      }
      refresh={keyKeys.all(pid)}
      form={(props) => <KeyForm {...props} />}
    />
  );
}

function Type({ item }: { item: Key }) {
  const { t } = useTranslation("resources");
  return (
    <>
      {t([`keys.types.${item.type}`, "keys.types.unknown"], { type: item.type })}
      {item.empty && item.type !== "none" && <NoSecret />}
    </>
  );
}

function NoSecret() {
  const { t } = useTranslation("resources");
  return (
    <span style={{ color: "var(--sb-status-waiting_confirmation)", marginInlineStart: 8 }}>
      <IconAlertTriangle size={14} aria-hidden style={{ verticalAlign: -2 }} /> {t("keys.noSecret")}
    </span>
  );
}
