import { Button, Menu } from "@mantine/core";
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { IconEdit, IconEye, IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "@/ui/Card";
import { FormDrawer } from "@/ui/form";
import type { ResourceFormProps } from "@/ui/resourceForm";
import { RowMenu } from "@/ui/RowMenu";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { useDelete } from "@/ui/useDelete";
import classes from "../automation.module.css";
import { type Part, usePart } from "./usePart";

type Item = { id: number; name: string };

type Props<T extends Item> = {
  project: number;
  part: Exclude<Part, "settings">;
  manage: boolean;
  texts: { title: string; help: string; create: string; none: string };
  query: { data: T[] | undefined; error: unknown; refetch: () => unknown };
  /** What an item does, in a line. */
  line: (item: T) => ReactNode;
  remove: (item: T) => Promise<void>;
  refresh: QueryKey;
  form: (props: ResourceFormProps<T>) => ReactNode;
};

/** A list of parts of an integration, matchers or values, with the drawer of one of them. */
export function Parts<T extends Item>({ project, part, manage, texts, query, line, remove, refresh, form }: Props<T>) {
  const { t } = useTranslation("automation");
  const client = useQueryClient();
  const drawer = usePart(part);
  const deleting = useDelete<T>({ project, remove, onDone: () => client.invalidateQueries({ queryKey: refresh }) });
  const item = typeof drawer.open === "number" ? query.data?.find((x) => x.id === drawer.open) : undefined;
  const opened = (drawer.open === "new" && manage) || item !== undefined;
  const add = manage && (
    <Button variant="default" size="xs" leftSection={<IconPlus size={16} />} onClick={() => drawer.show("new")}>
      {texts.create}
    </Button>
  );
  return (
    <Card title={texts.title} action={add}>
      <p className={classes.note}>{texts.help}</p>
      {query.error ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : !query.data ? (
        <RowsSkeleton rows={1} />
      ) : query.data.length === 0 ? (
        <p className={classes.note}>{texts.none}</p>
      ) : (
        <ul className={classes.list} aria-label={texts.title}>
          {query.data.map((x) => (
            <li key={x.id}>
              <div className={classes.entry}>
                <button type="button" className={classes.entryName} onClick={() => drawer.show(x.id)}>
                  {x.name}
                </button>
                <span className={classes.entryMeta}>{line(x)}</span>
              </div>
              <RowMenu name={x.name} onDelete={manage ? () => deleting.ask(x) : undefined}>
                <Menu.Item
                  leftSection={manage ? <IconEdit size={16} /> : <IconEye size={16} />}
                  onClick={() => drawer.show(x.id)}
                >
                  {manage ? t("actions.edit") : t("actions.view")}
                </Menu.Item>
              </RowMenu>
            </li>
          ))}
        </ul>
      )}
      <FormDrawer opened={opened} onClose={drawer.close} title={item ? item.name : texts.create}>
        {opened && (
          <div key={item?.id ?? "new"}>
            {form({ project, item, readOnly: !manage, onClose: drawer.close, onSaved: drawer.closed })}
          </div>
        )}
      </FormDrawer>
      {deleting.dialog}
    </Card>
  );
}
