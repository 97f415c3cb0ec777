import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconServer2 } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { inventoriesQuery, inventoryKeys, keysQuery } from "@/api/queries";
import type { Inventory } from "@/api/types";
import type { Column } from "@/ui/DataTable";
import { ResourcePage } from "@/ui/ResourcePage";
import { useNames } from "@/ui/useNames";
import { InventoryForm } from "./InventoryForm";
import { countHosts, isWorkspace } from "./values";

export default function InventoriesPage() {
  const { t } = useTranslation("resources");
  const { pid } = useParams({ from: "/app/project/$pid/inventory" });
  const inventories = useQuery(inventoriesQuery(pid));
  const nameOfKey = useNames(keysQuery(pid));

  const columns = useMemo<Column<Inventory>[]>(() => {
    const keyName = (i: Inventory) => nameOfKey(i.ssh_key_id);
    const type = (i: Inventory) => t([`inventories.types.${i.type}`, "fields.raw"], { value: i.type });
    return [
      { id: "type", header: t("fields.type"), sort: type, render: type },
      {
        id: "content",
        header: t("inventories.content"),
        render: (i) => <Content inventory={i} />,
      },
      { id: "key", header: t("inventories.key"), optional: true, sort: keyName, render: keyName },
    ];
  }, [t, nameOfKey]);

  return (
    <ResourcePage<Inventory>
      project={pid}
      icon={IconServer2}
      texts={{
        name: t("fields.name"),
        title: t("inventories.title"),
        description: t("inventories.description"),
        create: t("inventories.create"),
        empty: t("inventories.empty"),
        emptyText: t("inventories.emptyText"),
      }}
      query={inventories}
      columns={columns}
      text={(i) => `${i.name} ${i.type} ${i.inventory}`}
      meta={(i) => <Content inventory={i} />}
      remove={(i) =>
        done(
          api.DELETE("/api/project/{project_id}/inventory/{inventory_id}", {
            params: { path: { project_id: pid, inventory_id: i.id } },
          }),
        )
      }
      refresh={inventoryKeys.all(pid)}
      form={(props) => <InventoryForm {...props} />}
    />
  );
}

function Content({ inventory }: { inventory: Inventory }) {
  const { t } = useTranslation("resources");
  const hosts = countHosts(inventory);
  if (hosts !== undefined) return t("inventories.hosts", { count: hosts });
  if (inventory.type === "file" || isWorkspace(inventory.type)) return <span className="mono">{inventory.inventory}</span>;
  return t("inventories.lines", { count: inventory.inventory.trim().split("\n").length });
}
