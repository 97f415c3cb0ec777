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
  /** What leads to an item, where that is not the drawer of the list. */
  link?: (item: T) => ReactNode;
  /** The second line of an item on a phone, and what stands at its end. */
  meta?: (item: T) => ReactNode;
  aside?: (item: T) => ReactNode;
  /** Between the head and the list, and below the list. */
  notice?: ReactNode;
  footer?: ReactNode;
  remove: (item: T) => Promise<void>;
  /** What else goes away with an item. */
  warning?: string;
  refresh: QueryKey;
  form: (props: ResourceFormProps<T>) => ReactNode;
};

/** The list of a kind of resource with its drawer for creating, editing and, without the right, reading. */
export function ResourcePage<T extends Item>(props: Props<T>) {
  const { t } = useTranslation();
  const { project, texts, query, title, link, icon: Icon } = props;
  const client = useQueryClient();
  const context = useQuery(projectQuery(project));
  const { can } = usePermissions(project);
  const drawer = useOpen();
  const manage = can("manageResources");
  const deleting = useDelete<T>({
    project,
    remove: props.remove,
    warning: props.warning,
    onDone: () => client.invalidateQueries({ queryKey: props.refresh }),
  });

  const columns = useMemo<Column<T>[]>(
    () => [
      {
        id: "name",
        header: texts.name,
        sort: (row) => row.name,
        render: (row) => <ItemLink item={row} title={title} link={link} />,
      },
      ...props.columns,
    ],
    [texts.name, title, link, props.columns],
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
      {props.notice}
      <DataTable
        label={texts.title}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        text={props.text}
        card={(row) => ({
          title: <ItemLink item={row} title={title} link={link} />,
          meta: props.meta?.(row),
          aside: props.aside?.(row),
        })}
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
      {props.footer}
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

type ItemLinkProps<T extends Item> = { item: T } & Pick<Props<T>, "title" | "link">;

function ItemLink<T extends Item>({ item, title, link }: ItemLinkProps<T>) {
  if (link) return link(item);
  return <OpenLink id={item.id}>{title ? title(item) : item.name}</OpenLink>;
}
