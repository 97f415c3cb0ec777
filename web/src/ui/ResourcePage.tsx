import { Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { IconEdit, IconEye, IconPlus, type TablerIcon } from "@tabler/icons-react";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { projectQuery } from "@/api/queries";
import { type Column, DataTable } from "./DataTable";
import { FormDrawer } from "./form";
import { OpenLink } from "./OpenLink";
import { PageHeader } from "./PageHeader";
import type { ResourceFormProps } from "./resourceForm";
import { RowMenu } from "./RowMenu";
import { Empty } from "./States";
import { useDelete } from "./useDelete";
import { useOpen } from "./useOpen";

type Item = { id: number; name: string };

type Texts = {
  /** The head of the first column. */
  name: string;
  title: string;
  description: string;
  create: string;
  empty: string;
  emptyText: string;
};

type Props<T extends Item> = {
  project: number;
  icon: TablerIcon;
  texts: Texts;
  query: { data: T[] | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  /** What follows the name. */
  columns: Column<T>[];
  text: (item: T) => string;
  /** The name as it is shown, where that is not just its letters. */
  title?: (item: T) => ReactNode;
  /** The second line of an item on a phone. */
  meta?: (item: T) => ReactNode;
  remove: (item: T) => Promise<void>;
  refresh: QueryKey;
  form: (props: ResourceFormProps<T>) => ReactNode;
};

/** The list of a kind of resource with its drawer for creating, editing and, without the right, reading. */
export function ResourcePage<T extends Item>(props: Props<T>) {
  const { t } = useTranslation();
  const { project, texts, query, title, icon: Icon } = props;
  const client = useQueryClient();
  const context = useQuery(projectQuery(project));
  const { can } = usePermissions(project);
  const drawer = useOpen();
  const manage = can("manageResources");
  const deleting = useDelete<T>({
    project,
    remove: props.remove,
    onDone: () => client.invalidateQueries({ queryKey: props.refresh }),
  });

  const columns = useMemo<Column<T>[]>(
    () => [
      {
        id: "name",
        header: texts.name,
        sort: (row) => row.name,
        render: (row) => <ItemLink item={row} title={title} />,
      },
      ...props.columns,
    ],
    [texts.name, title, props.columns],
  );
  const item =
    typeof drawer.open === "number" ? query.data?.find((i) => i.id === drawer.open) : undefined;
  const opened = (drawer.open === "new" && manage) || item !== undefined;
  const create = manage && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => drawer.show("new")} data-create>
      {texts.create}
    </Button>
  );
  const actions = (row: T) => (
    <RowMenu name={row.name} onDelete={manage ? () => deleting.ask(row) : undefined}>
      <Menu.Item
        leftSection={manage ? <IconEdit size={16} /> : <IconEye size={16} />}
        onClick={() => drawer.show(row.id)}
      >
        {manage ? t("actions.edit") : t("actions.view")}
      </Menu.Item>
    </RowMenu>
  );

  return (
    <>
      <PageHeader
        title={texts.title}
        context={context.data?.name}
        description={texts.description}
        actions={create}
      />
      <DataTable
        label={texts.title}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        text={props.text}
        card={(row) => ({ title: <ItemLink item={row} title={title} />, meta: props.meta?.(row) })}
        actions={actions}
        defaultSort="name"
        empty={
          <Empty
            icon={<Icon size={28} stroke={1.5} />}
            title={texts.empty}
            text={texts.emptyText}
            action={create}
          />
        }
      />
      <FormDrawer
        opened={opened}
        onClose={drawer.close}
        title={item ? item.name : texts.create}
      >
        {opened && (
          <div key={item?.id ?? "new"}>
            {props.form({
              project,
              item,
              readOnly: !manage,
              onClose: drawer.close,
              onSaved: drawer.closed,
            })}
          </div>
        )}
      </FormDrawer>
      {deleting.dialog}
    </>
  );
}

function ItemLink<T extends Item>({ item, title }: { item: T; title?: (item: T) => ReactNode }) {
  return <OpenLink id={item.id}>{title ? title(item) : item.name}</OpenLink>;
}
