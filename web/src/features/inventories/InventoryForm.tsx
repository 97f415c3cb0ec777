import { Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { inventoryKeys, repositoriesQuery } from "@/api/queries";
import type { Inventory } from "@/api/types";
import { CodeInput } from "@/ui/CodeInput";
import { CodeArea } from "@/ui/CodeArea";
import { KeySelect } from "@/ui/KeySelect";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { Segments } from "@/ui/Segments";
import {
  inventoryBody,
  inventoryExample,
  inventoryRules,
  inventoryTypes,
  type InventoryValues,
  inventoryValues,
  isWorkspace,
} from "./values";

function save(project: number, values: InventoryValues, item?: Inventory) {
  const path = { project_id: project };
  const body = inventoryBody(project, values, item);
  return done(
    item === undefined
      ? api.POST("/api/project/{project_id}/inventory", { params: { path }, body })
      : api.PUT("/api/project/{project_id}/inventory/{inventory_id}", {
          params: { path: { ...path, inventory_id: item.id } },
          body,
        }),
  );
}

export function InventoryForm(props: ResourceFormProps<Inventory>) {
  const { project, item, readOnly } = props;
  const { t } = useTranslation("resources");
  const repositories = useQuery(repositoriesQuery(project));
  const form = useForm<InventoryValues>({
    initialValues: inventoryValues(item),
    validate: inventoryRules(t),
  });
  const isFile = form.values.type === "file";
  const workspace = isWorkspace(form.values.type);
  const saving = useResourceSave(props, {
    form,
    fields: (field) => (field === "inventory" ? (isFile ? "path" : "text") : field),
    save: (values) => save(project, values, item),
    name: (values) => values.name,
    refresh: inventoryKeys.all(project),
  });
  const repository = form.values.repository_id;
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput
        label={t("fields.name")}
        required
        data-autofocus
        {...form.getInputProps("name")}
      />
      <KeySelect
        project={project}
        label={t(workspace ? "inventories.moduleKey" : "inventories.key")}
        description={t(workspace ? "inventories.moduleKeyHelp" : "inventories.keyHelp")}
        required={!workspace}
        clearable={workspace}
        disabled={readOnly}
        types={workspace ? ["ssh"] : ["none", "ssh", "login_password"]}
        {...form.getInputProps("ssh_key_id")}
      />
      {workspace ? (
        <CodeInput
          label={t("inventories.workspace")}
          required
          {...form.getInputProps("text")}
        />
      ) : (
        <>
          <KeySelect
            project={project}
            label={t("inventories.become")}
            description={t("inventories.becomeHelp")}
            clearable
            disabled={readOnly}
            types={["login_password"]}
            {...form.getInputProps("become_key_id")}
          />
          <Segments
            label={t("fields.type")}
            disabled={readOnly}
            data={inventoryTypes.map((value) => ({ value, label: t(`inventories.types.${value}`) }))}
            {...form.getInputProps("type")}
          />
          {isFile ? (
            <>
              <CodeInput
                label={t("inventories.path")}
                description={t("inventories.pathHelp")}
                required
                {...form.getInputProps("path")}
              />
              <Select
                label={t("inventories.repository")}
                description={t("inventories.repositoryHelp")}
                clearable
                searchable
                disabled={readOnly}
                data={(repositories.data ?? []).map((r) => ({ value: String(r.id), label: r.name }))}
                value={repository === null ? null : String(repository)}
                onChange={(id) => form.setFieldValue("repository_id", id === null ? null : Number(id))}
                error={form.errors.repository_id}
              />
            </>
          ) : (
            <CodeArea
              label={t("inventories.text")}
              placeholder={inventoryExample(form.values.type)}
              {...form.getInputProps("text")}
            />
          )}
        </>
      )}
    </ResourceForm>
  );
}
