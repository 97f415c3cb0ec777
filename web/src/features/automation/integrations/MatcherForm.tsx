import { Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { integrationKeys } from "@/api/queries";
import type { Matcher } from "@/api/types";
import { CodeInput } from "@/ui/CodeInput";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { saveMatcher } from "./api";
import { Lookup } from "./Lookup";
import { matcherBody, matcherRules, type MatcherValues, matcherValues, methods } from "./values";

/** A condition that a call has to fulfil. */
export function MatcherForm({ integration, ...props }: ResourceFormProps<Matcher> & { integration: number }) {
  const { t } = useTranslation("automation");
  const { project, readOnly } = props;
  const [item] = useState(props.item);
  const form = useForm<MatcherValues>({ initialValues: matcherValues(item), validate: matcherRules(t) });
  const saving = useResourceSave(props, {
    form,
    save: (values) => saveMatcher(project, integration, matcherBody(integration, values, item), item),
    name: (values) => values.name,
    refresh: integrationKeys.parts(project, integration, "matchers"),
  });
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput label={t("fields.name")} required data-autofocus maxLength={255} {...form.getInputProps("name")} />
      <Lookup
        place={form.getInputProps("match_type")}
        bodyType={form.getInputProps("body_data_type")}
        name={form.getInputProps("key")}
        values={{ place: form.values.match_type, bodyType: form.values.body_data_type }}
        readOnly={readOnly}
      />
      <Select
        label={t("matchers.method")}
        allowDeselect={false}
        disabled={readOnly}
        data={methods.map((value) => ({ value, label: t(`matchers.methods.${value}`) }))}
        {...form.getInputProps("method")}
      />
      <CodeInput
        label={t("matchers.value")}
        required
        maxLength={510}
        {...form.getInputProps("value")}
      />
    </ResourceForm>
  );
}
