import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Permission, permission } from "@/api/permissions";
import type { CustomRole } from "@/api/types";
import { Form, useSave } from "@/ui/form";
import { RightsFields } from "@/ui/Rights";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import { roleQuery, rolesKey, saveRole } from "./api";
import { roleRules, roleValues, type RoleValues, slugOf } from "./values";

type Props = {
  project?: number;
  can: (p: Permission) => boolean;
  onClose: () => void;
  onSaved: () => Promise<void>;
};

/** Reads the role first: what is changed is what is there now, not what the list knew. */
export function EditRole({ slug, ...props }: Props & { slug: string }) {
  const role = useQuery(roleQuery(props.project, slug));
  if (role.error) return <ErrorState error={role.error} onRetry={() => void role.refetch()} />;
  if (!role.data) return <RowsSkeleton rows={3} />;
  return <RoleForm {...props} item={role.data} />;
}

export function RoleForm({ project, item, can, onClose, onSaved }: Props & { item?: CustomRole }) {
  const { t } = useTranslation("roles");
  const client = useQueryClient();
  // The version that the fields show, whatever is read in the background.
  const [original] = useState(item);
  const [typedSlug, setTypedSlug] = useState(false);
  const first = roleValues(original);
  const form = useForm<RoleValues>({
    initialValues: original ? first : { ...first, permissions: can("run") ? permission.run : 0 },
    validate: roleRules(t),
  });
  const saving = useSave({
    form,
    save: (values) => saveRole(project, values, original),
    onSaved: async (_, values) => {
      await client.invalidateQueries({ queryKey: rolesKey(project) });
      toastDone(t(original ? "form.saved" : "form.created", { name: values.name.trim() }));
      await onSaved();
    },
  });
  return (
    <Form saving={saving} submitLabel={t(original ? "actions.save" : "actions.create")} onCancel={onClose}>
      <TextInput
        label={t("name")}
        required
        data-autofocus
        maxLength={100}
        {...form.getInputProps("name")}
        onChange={(event) => {
          form.setFieldValue("name", event.currentTarget.value);
          if (!original && !typedSlug) form.setFieldValue("slug", slugOf(event.currentTarget.value));
        }}
      />
      <TextInput
        label={t("slug")}
        description={original ? t("slugFixed") : t("slugHelp")}
        required
        disabled={original !== undefined}
        maxLength={100}
        autoCapitalize="none"
        spellCheck={false}
        classNames={{ input: "mono" }}
        {...form.getInputProps("slug")}
        onChange={(event) => {
          setTypedSlug(true);
          form.setFieldValue("slug", event.currentTarget.value);
        }}
      />
      <RightsFields
        legend={t("may")}
        name={(p) => t(`rights.${p}`)}
        help={(p) => t(`help.${p}`)}
        value={form.values.permissions}
        onChange={(mask) => form.setFieldValue("permissions", mask)}
        can={can}
      />
    </Form>
  );
}
