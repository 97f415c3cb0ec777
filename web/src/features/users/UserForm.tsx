import { Alert, PasswordInput, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { userKeys } from "@/api/queries";
import { Form, useSave } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { saveUser, type UserRow, usersKeys } from "./api";
import { userRules, type UserValues, userValues } from "./values";

type Props = { item?: UserRow; own: boolean; onClose: () => void; onSaved: () => Promise<void> };

/** Creates an account or changes one; `own` is that of the administrator at the keyboard. */
export function UserForm({ item, own, onClose, onSaved }: Props) {
  const { t } = useTranslation("users");
  const client = useQueryClient();
  const form = useForm<UserValues>({
    initialValues: userValues(item),
    validate: userRules(t, item === undefined),
  });
  const saving = useSave({
    form,
    save: (values) => saveUser(values, item),
    onSaved: async (_, values) => {
      await client.invalidateQueries({ queryKey: usersKeys.all });
      if (own) await client.invalidateQueries({ queryKey: userKeys.me });
      toastDone(t(item ? "form.saved" : "form.created", { name: values.username.trim() }));
      await onSaved();
    },
  });
  const external = item?.external === true;
  return (
    <Form saving={saving} submitLabel={item ? t("actions.save") : t("actions.create")} onCancel={onClose}>
      {external && (
        <Alert color="blue" icon={<IconInfoCircle size={18} />}>
          {t("externalText")}
        </Alert>
      )}
      <TextInput
        label={t("username")}
        required
        disabled={external}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus={item === undefined || undefined}
        {...form.getInputProps("username")}
      />
      <TextInput label={t("name")} required autoComplete="off" {...form.getInputProps("name")} />
      <TextInput
        label={t("email")}
        type="email"
        required
        autoComplete="off"
        {...form.getInputProps("email")}
      />
      {!external && (
        <PasswordInput
          label={item ? t("newPassword") : t("password")}
          description={item && t("newPasswordHelp")}
          required={item === undefined}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("show") }}
          {...form.getInputProps("password")}
        />
      )}
      {!external && !own && (form.values.password !== "" || item?.must_change_password) && (
        <Switch
          label={t("mustChange")}
          description={t("mustChangeHelp")}
          {...form.getInputProps("must_change_password", { type: "checkbox" })}
        />
      )}
      {!own && (
        <Switch
          label={t("admin")}
          description={t("adminHelp")}
          {...form.getInputProps("admin", { type: "checkbox" })}
        />
      )}
      <Switch
        label={t("alert")}
        description={t("alertHelp")}
        {...form.getInputProps("alert", { type: "checkbox" })}
      />
      {item && !own && (
        <Switch
          label={t("disabled")}
          description={t("disabledHelp")}
          {...form.getInputProps("disabled", { type: "checkbox" })}
        />
      )}
      {own && form.values.password !== "" && (
        <PasswordInput
          label={t("currentPassword")}
          description={t("currentPasswordHelp")}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("show") }}
          {...form.getInputProps("current_password")}
        />
      )}
    </Form>
  );
}
