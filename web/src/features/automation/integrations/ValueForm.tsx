import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { integrationKeys } from "@/api/queries";
import type { IntegrationValue } from "@/api/types";
import { CodeInput } from "@/ui/CodeInput";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { Segments } from "@/ui/Segments";
import { saveValue } from "./api";
import { Lookup } from "./Lookup";
import { extractBody, extractRules, type ExtractValues, extractValues, variableTypes } from "./values";

/** What is taken out of a call into the run. */
export function ValueForm({ integration, ...props }: ResourceFormProps<IntegrationValue> & { integration: number }) {
  const { t } = useTranslation("automation");
  const { project, readOnly } = props;
  const [item] = useState(props.item);
  const form = useForm<ExtractValues>({ initialValues: extractValues(item), validate: extractRules(t) });
  const saving = useResourceSave(props, {
    form,
    save: (values) => saveValue(project, integration, extractBody(integration, values, item), item),
    name: (values) => values.name,
    refresh: integrationKeys.parts(project, integration, "values"),
  });
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput label={t("fields.name")} required data-autofocus maxLength={255} {...form.getInputProps("name")} />
      <Lookup
        place={form.getInputProps("value_source")}
        bodyType={form.getInputProps("body_data_type")}
        name={form.getInputProps("key")}
        values={{ place: form.values.value_source, bodyType: form.values.body_data_type }}
        readOnly={readOnly}
      />
      <Segments
        label={t("values.type")}
        help={t(`values.typeHelp.${form.values.variable_type}`)}
        disabled={readOnly}
        data={variableTypes.map((value) => ({ value, label: t(`values.types.${value}`) }))}
        {...form.getInputProps("variable_type")}
      />
      <CodeInput
        label={t("values.variable")}
        required
        maxLength={255}
        {...form.getInputProps("variable")}
      />
    </ResourceForm>
  );
}
