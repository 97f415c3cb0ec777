import { Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { integrationKeys } from "@/api/queries";
import type { Integration, Template } from "@/api/types";
import { CodeInput } from "@/ui/CodeInput";
import { KeySelect } from "@/ui/KeySelect";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { Stored } from "../Stored";
import { TaskParams, TemplateField, useTemplateChoice } from "../TaskParams";
import { integrationQuery, saveIntegration } from "./api";
import {
  authMethods, integrationBody, integrationField, integrationProblems, type IntegrationValues, integrationValues, methodName, needsHeader,
} from "./values";

type Props = ResourceFormProps<Integration> & {
  /** Goes on with a new one instead of closing the form. */
  onCreated?: (id: number) => Promise<void>;
};

export function IntegrationForm({ item, ...props }: Props) {
  if (item === undefined) return <Body {...props} />;
  return (
    <Stored project={props.project} query={integrationQuery(props.project, item.id)}>
      {(integration, template) => <Body {...props} item={integration} first={template} />}
    </Stored>
  );
}

function Body({ first, onCreated, ...props }: Props & { first?: Template }) {
  const { t } = useTranslation("automation");
  const { t: runs } = useTranslation("runs");
  const { project, readOnly, onSaved } = props;
  // A newer one may be read while the form is open; the form was not filled from it.
  const [item] = useState(props.item);
  const [template, setTemplate] = useState(first);
  const [start] = useState(() => integrationValues(item, first));
  const form = useForm<IntegrationValues>({
    initialValues: start,
    validate: (values) => integrationProblems(values, template, t, runs),
  });
  const choose = useTemplateChoice({
    project, starter: "integration", form, first, stored: item?.task_params, onTemplate: setTemplate,
  });
  const created = useRef<number>(undefined);
  const saving = useResourceSave(
    { ...props, onSaved: () => (created.current !== undefined && onCreated ? onCreated(created.current) : onSaved()) },
    {
      form,
      fields: (field) => integrationField(template, field),
      save: async (values) => {
        // Without the template the form is not sent: see integrationProblems.
        const id = await saveIntegration(project, integrationBody(project, values, template as Template, item), item);
        if (item === undefined) created.current = id;
      },
      name: (values) => values.name,
      refresh: integrationKeys.all(project),
    },
  );
  const { authMethod } = form.values;
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput label={t("fields.name")} required data-autofocus maxLength={255} {...form.getInputProps("name")} />
      <TemplateField project={project} form={form} readOnly={readOnly} onChoose={choose} />
      <Select
        label={t("integrations.auth")}
        description={t(`integrations.methodHelp.${methodName(authMethod)}`)}
        allowDeselect={false}
        disabled={readOnly}
        data={authMethods.map((value) => ({ value, label: t(`integrations.methods.${methodName(value)}`) }))}
        {...form.getInputProps("authMethod")}
      />
      {needsHeader(authMethod) && (
        <CodeInput
          label={t("integrations.header")}
          placeholder={authMethod === "token" ? "X-Token" : "X-Signature"}
          required
          maxLength={255}
          {...form.getInputProps("authHeader")}
        />
      )}
      {authMethod !== "" && (
        <KeySelect
          project={project}
          label={t("integrations.secret")}
          description={t("integrations.secretHelp")}
          required
          disabled={readOnly}
          types={["login_password"]}
          {...form.getInputProps("authSecretId")}
        />
      )}
      <Switch
        label={t("integrations.searchable")}
        description={t("integrations.searchableHelp")}
        {...form.getInputProps("searchable", { type: "checkbox" })}
      />
      <TaskParams project={project} starter="integration" template={template} form={form} />
    </ResourceForm>
  );
}
