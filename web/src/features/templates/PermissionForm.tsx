import { Select } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Permission, permission } from "@/api/permissions";
import { templateKeys } from "@/api/queries";
import type { CustomRole, TemplatePermission } from "@/api/types";
import { Form, useSave } from "@/ui/form";
import { RightsFields } from "@/ui/Rights";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import { addPermission, permissionQuery, setPermission, templateRights } from "./permissions";

type Props = {
  project: number;
  template: number;
  /** The roles that can be chosen, and that of the row. */
  roles: CustomRole[];
  can: (p: Permission) => boolean;
  onClose: () => void;
};

/** Reads the row first: what is changed is what is there now, not what the list knew. */
export function EditPermission({ id, ...props }: Props & { id: number }) {
  const row = useQuery(permissionQuery(props.project, props.template, id));
  if (row.error) return <ErrorState error={row.error} onRetry={() => void row.refetch()} />;
  if (!row.data) return <RowsSkeleton rows={2} />;
  return <PermissionForm {...props} item={row.data} />;
}

export function PermissionForm({ project, template, roles, can, onClose, item }: Props & { item?: TemplatePermission }) {
  const { t } = useTranslation("roles");
  const client = useQueryClient();
  // The version that the fields show, whatever is read in the background.
  const [original] = useState(item);
  const form = useForm({
    initialValues: {
      role_slug: original?.role_slug ?? "",
      permissions: original?.permissions ?? (can("run") ? permission.run : 0),
    },
    validate: { role_slug: (v) => (v ? null : t("errors.required")) },
  });
  const saving = useSave({
    form,
    save: ({ role_slug, permissions }) =>
      original ? setPermission(project, original, permissions) : addPermission(project, template, role_slug, permissions),
    onSaved: async (_, { role_slug }) => {
      await client.invalidateQueries({ queryKey: templateKeys.all(project) });
      toastDone(t("template.saved", { role: roles.find((r) => r.slug === role_slug)?.name ?? role_slug }));
      onClose();
    },
  });
  return (
    <Form saving={saving} submitLabel={t(original ? "actions.save" : "template.add")} onCancel={onClose}>
      <Select
        label={t("template.role")}
        required
        disabled={original !== undefined}
        searchable
        data-autofocus
        data={roles.map((r) => ({ value: r.slug, label: r.name }))}
        {...form.getInputProps("role_slug")}
        value={form.values.role_slug || null}
        onChange={(slug) => form.setFieldValue("role_slug", slug ?? "")}
      />
      <RightsFields
        legend={t("may")}
        of={templateRights}
        name={(p) => t(`templateRights.${p}`)}
        help={(p) => t(`templateHelp.${p}`)}
        value={form.values.permissions}
        onChange={(mask) => form.setFieldValue("permissions", mask)}
        can={can}
      />
    </Form>
  );
}
