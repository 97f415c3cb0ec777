import { PasswordInput, Switch, Textarea, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { keyKeys } from "@/api/queries";
import type { Key } from "@/api/types";
import { CodeInput } from "@/ui/CodeInput";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { Segments } from "@/ui/Segments";
import {
  elsewhere,
  keyBody,
  keyField,
  keyRules,
  keySources,
  keyTypes,
  type KeyValues,
  keyValues,
} from "./values";

function save(project: number, values: KeyValues, id?: number) {
  const path = { project_id: project };
  const body = keyBody(project, values, id);
  return done(
    id === undefined
      ? api.POST("/api/project/{project_id}/keys", { params: { path }, body })
      : api.PUT("/api/project/{project_id}/keys/{key_id}", {
          params: { path: { ...path, key_id: id } },
          body: { ...body, id },
        }),
  );
}

export function KeyForm(props: ResourceFormProps<Key>) {
  const { project, item, readOnly } = props;
  const { t } = useTranslation("resources");
  const form = useForm<KeyValues>({ initialValues: keyValues(item), validate: keyRules(t) });
  const saving = useResourceSave(props, {
    form,
    fields: keyField,
    save: (values) => save(project, values, item?.id),
    name: (values) => values.name,
    refresh: keyKeys.all(project),
    forget: true,
  });
  const { type, replace } = form.values;
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput
        label={t("fields.name")}
        required
        data-autofocus
        {...form.getInputProps("name")}
      />
      {item && item.type !== "none" && (
        <Switch
          label={t("keys.replace")}
          description={t("keys.replaceHelp")}
          {...form.getInputProps("replace", { type: "checkbox" })}
        />
      )}
      {item?.type === "none" && !readOnly && (
        <Switch
          label={t("keys.change")}
          {...form.getInputProps("replace", { type: "checkbox" })}
        />
      )}
      <Segments
        label={t("fields.type")}
        help={t(`keys.help.${type}`)}
        disabled={!replace || readOnly}
        data={keyTypes.map((value) => ({ value, label: t(`keys.types.${value}`) }))}
        {...form.getInputProps("type")}
      />
      {type !== "none" && (
        <Segments
          label={t("keys.source")}
          help={t(`keys.sourceHelp.${form.values.source}`)}
          disabled={!replace || readOnly}
          data={keySources.map((value) => ({ value, label: t(`keys.sources.${value}`) }))}
          {...form.getInputProps("source")}
        />
      )}
      {elsewhere(form.values) ? (
        <CodeInput
          label={t(form.values.source === "env" ? "keys.variable" : "keys.path")}
          required
          disabled={!replace}
          {...form.getInputProps("place")}
        />
      ) : (
        replace && <SecretFields form={form} />
      )}
    </ResourceForm>
  );
}

function SecretFields({ form }: { form: UseFormReturnType<KeyValues> }) {
  const { t } = useTranslation("resources");
  const toggle = { "aria-label": t("keys.show") };
  const login = (
    <TextInput
      label={t("keys.login")}
      description={form.values.type === "ssh" ? t("keys.loginHelp") : undefined}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      {...form.getInputProps("login")}
    />
  );
  switch (form.values.type) {
    case "ssh":
      return (
        <>
          {login}
          <Textarea
            label={t("keys.privateKey")}
            description={t("keys.privateKeyHelp")}
            required
            autosize
            minRows={6}
            maxRows={14}
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: "mono" }}
            {...form.getInputProps("privateKey")}
          />
          <PasswordInput
            label={t("keys.passphrase")}
            autoComplete="new-password"
            visibilityToggleButtonProps={toggle}
            {...form.getInputProps("passphrase")}
          />
        </>
      );
    case "login_password":
      return (
        <>
          {login}
          <PasswordInput
            label={t("keys.password")}
            required
            autoComplete="new-password"
            visibilityToggleButtonProps={toggle}
            {...form.getInputProps("password")}
          />
        </>
      );
    case "string":
      return (
        <PasswordInput
          label={t("keys.text")}
          required
          autoComplete="new-password"
          visibilityToggleButtonProps={toggle}
          {...form.getInputProps("text")}
        />
      );
    default:
      return null;
  }
}
