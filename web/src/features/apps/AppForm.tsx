import { Autocomplete, ColorInput, NumberInput, Switch, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { createElement } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { appsKey } from "@/api/queries";
import type { App } from "@/api/types";
import { appIcon, appIcons } from "@/ui/appIcons";
import { Form, useSave } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import classes from "./apps.module.css";
import { appBody, appRules, type AppValues, appValues } from "./values";

type Props = { item?: App; taken: readonly string[]; onClose: () => void; onSaved: () => Promise<void> };

/** Sets how an app is called, found and shown; a new one gets its id here. */
export function AppForm({ item, taken, onClose, onSaved }: Props) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const form = useForm<AppValues>({ initialValues: appValues(item), validate: appRules(t, item ? [] : taken) });
  const saving = useSave({
    form,
    save: (values) => done(api.PUT("/api/apps/{app}", { params: { path: { app: values.id.trim() } }, body: appBody(values) })),
    onSaved: async (_, values) => {
      await client.invalidateQueries({ queryKey: appsKey });
      toastDone(t(item ? "form.saved" : "form.created", { name: values.title }));
      await onSaved();
    },
  });
  const icon = createElement(appIcon(form.values.id, form.values.icon), { size: 16, "aria-hidden": true });
  return (
    <Form saving={saving} submitLabel={item ? t("actions.save") : t("actions.create")} onCancel={onClose}>
      <TextInput label={t("fields.id")} description={t("fields.idHelp")} required disabled={item !== undefined} spellCheck={false} classNames={{ input: "mono" }} data-autofocus={item === undefined || undefined} {...form.getInputProps("id")} />
      <TextInput label={t("fields.title")} required {...form.getInputProps("title")} />
      <TextInput label={t("fields.path")} description={t("fields.pathHelp")} spellCheck={false} classNames={{ input: "mono" }} {...form.getInputProps("path")} />
      <TagsInput label={t("fields.args")} description={t("fields.argsHelp")} splitChars={[]} allowDuplicates acceptValueOnBlur {...form.getInputProps("args")} />
      <Autocomplete label={t("fields.icon")} data={Object.keys(appIcons)} leftSection={icon} {...form.getInputProps("icon")} />
      <div className={classes.two}>
        <ColorInput label={t("fields.color")} format="hex" {...form.getInputProps("color")} />
        <ColorInput label={t("fields.darkColor")} format="hex" {...form.getInputProps("dark_color")} />
      </div>
      <NumberInput label={t("fields.priority")} description={t("fields.priorityHelp")} allowDecimal={false} {...form.getInputProps("priority")} />
      <Switch label={t("fields.active")} description={t("fields.activeHelp")} {...form.getInputProps("active", { type: "checkbox" })} />
    </Form>
  );
}
