import { Button, Menu, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconEdit, IconPlus, IconStar, IconUnlink } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { takesInventory } from "@/api/apps";
import { usePermissions } from "@/api/permissions";
import { inventoriesQuery, inventoryKeys, templateKeys, workspacesQuery } from "@/api/queries";
import type { Inventory, Template } from "@/api/types";
import { Card } from "@/ui/Card";
import { Form, FormDrawer, useSave } from "@/ui/form";
import { KeySelect } from "@/ui/KeySelect";
import { RowMenu } from "@/ui/RowMenu";
import { Segments } from "@/ui/Segments";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone, toastError } from "@/ui/toast";
import { saveWorkspace, workspaceAction } from "./api";
import classes from "./templates.module.css";
import { workspaceRules, type WorkspaceValues, workspaceValues } from "./workspace";

type Props = { project: number; template: Template };
/** What the drawer is open for: a new workspace, or changes to one. */
type Open = Inventory | "new" | undefined;

/** The workspaces of a template of the Terraform family, of which one is its default. */
export function Workspaces({ project, template }: Props) {
  const { t } = useTranslation("templates");
  const { can } = usePermissions(project, template.permissions);
  const manage = can("manageResources");
  const workspaces = useQuery(workspacesQuery(project, template.id));
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const add = manage && (
    <Button variant="default" size="xs" leftSection={<IconPlus size={16} />} onClick={() => setOpen("new")}>
      {t("workspaces.add")}
    </Button>
  );
  const title = open === undefined || open === "new" ? t("workspaces.add") : open.name;
  return (
    <Card title={t("workspaces.title")} action={add}>
      {workspaces.error ? (
        <ErrorState error={workspaces.error} onRetry={() => void workspaces.refetch()} />
      ) : !workspaces.data ? (
        <RowsSkeleton />
      ) : workspaces.data.length === 0 ? (
        <Empty title={t("workspaces.none")} text={t("workspaces.noneText")} />
      ) : (
        <ul className={classes.workspaces} aria-label={t("workspaces.title")}>
          {workspaces.data.map((workspace) => (
            <Row
              key={workspace.id}
              project={project}
              template={template}
              workspace={workspace}
              onEdit={manage ? () => setOpen(workspace) : undefined}
            />
          ))}
        </ul>
      )}
      <FormDrawer opened={open !== undefined} onClose={close} title={title}>
        {open !== undefined && (
          <WorkspaceForm project={project} template={template} item={open === "new" ? undefined : open} onClose={close} />
        )}
      </FormDrawer>
    </Card>
  );
}

/** Reads again what a change of workspaces shows in. */
function useRefresh(project: number) {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: inventoryKeys.all(project) }),
      client.invalidateQueries({ queryKey: templateKeys.all(project) }),
    ]);
}

function Row({ project, template, workspace, onEdit }: Props & { workspace: Inventory; onEdit?: () => void }) {
  const { t } = useTranslation("templates");
  const refresh = useRefresh(project);
  const isDefault = workspace.id === template.inventory_id;
  const act = async (action: "detach" | "set_default") => {
    try {
      await workspaceAction(project, template.id, workspace.id, action);
      toastDone(t(`workspaces.done.${action}`, { name: workspace.name }));
    } catch (error) {
      toastError(error);
    }
    await refresh();
  };
  return (
    <li>
      <div className={classes.workspace}>
        <span className={classes.workspaceName}>{workspace.name}</span>
        {workspace.inventory.trim() !== workspace.name && <span className="mono dim">{workspace.inventory}</span>}
        {isDefault && <span className={classes.mark}>{t("workspaces.default")}</span>}
      </div>
      {onEdit && (
        <RowMenu name={workspace.name}>
          <Menu.Item leftSection={<IconEdit size={16} />} onClick={onEdit}>
            {t("actions.edit")}
          </Menu.Item>
          {!isDefault && (
            <>
              <Menu.Item leftSection={<IconStar size={16} />} onClick={() => void act("set_default")}>
                {t("workspaces.makeDefault")}
              </Menu.Item>
              <Menu.Item leftSection={<IconUnlink size={16} />} onClick={() => void act("detach")}>
                {t("workspaces.detach")}
              </Menu.Item>
            </>
          )}
        </RowMenu>
      )}
    </li>
  );
}

function WorkspaceForm({ project, template, item, onClose }: Props & { item?: Inventory; onClose: () => void }) {
  const { t } = useTranslation("templates");
  const refresh = useRefresh(project);
  const inventories = useQuery(inventoriesQuery(project));
  const free = (inventories.data ?? []).filter((i) => takesInventory("terraform", template.app ?? "", i.type ?? ""));
  const form = useForm<WorkspaceValues>({ initialValues: workspaceValues(item), validate: workspaceRules(t) });
  const saving = useSave({
    form,
    fields: (field) => ({ inventory: "workspace", inventory_id: "existing" })[field] ?? field,
    save: (values) => saveWorkspace(project, template, values, item),
    onSaved: async (_, values) => {
      await refresh();
      const name = values.mode === "attach" ? (free.find((i) => i.id === values.existing)?.name ?? "") : values.name.trim();
      toastDone(t(item ? "form.saved" : values.mode === "attach" ? "workspaces.done.attach" : "form.created", { name }));
      onClose();
    },
  });
  const attach = form.values.mode === "attach";
  const label = item ? t("actions.save") : attach ? t("workspaces.attach") : t("actions.create");
  return (
    <Form saving={saving} submitLabel={label} onCancel={onClose}>
      {!item && free.length > 0 && (
        <Segments
          label={t("workspaces.mode")}
          data={(["new", "attach"] as const).map((value) => ({ value, label: t(`workspaces.modes.${value}`) }))}
          {...form.getInputProps("mode")}
        />
      )}
      {attach ? (
        <Select
          label={t("terraform.workspace")}
          description={t("workspaces.attachHelp")}
          required
          searchable
          data={free.map((i) => ({ value: String(i.id), label: i.name }))}
          value={form.values.existing === null ? null : String(form.values.existing)}
          onChange={(id) => form.setFieldValue("existing", id === null ? null : Number(id))}
          error={form.errors.existing}
          data-path="existing"
        />
      ) : (
        <>
          <TextInput label={t("fields.name")} required data-autofocus maxLength={100} {...form.getInputProps("name")} />
          <TextInput
            label={t("workspaces.workspace")}
            description={t("workspaces.workspaceHelp")}
            placeholder={form.values.name.trim()}
            autoCapitalize="none"
            spellCheck={false}
            classNames={{ input: "mono" }}
            {...form.getInputProps("workspace")}
          />
          <KeySelect
            project={project}
            label={t("workspaces.key")}
            description={t("workspaces.keyHelp")}
            clearable
            types={["ssh"]}
            {...form.getInputProps("ssh_key_id")}
          />
        </>
      )}
    </Form>
  );
}
