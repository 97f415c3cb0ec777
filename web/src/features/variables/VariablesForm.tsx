import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done, ifMatch } from "@/api/client";
import { environmentKeys, environmentQuery } from "@/api/queries";
import type { Environment } from "@/api/types";
import { CodeArea } from "@/ui/CodeArea";
import { Form, useSave } from "@/ui/form";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import { EnvRows } from "./EnvRows";
import { SecretRows } from "./SecretRows";
import { groupBody, groupField, groupRules, type GroupValues, groupValues } from "./values";

type Props = {
  project: number;
  readOnly: boolean;
  onClose: () => void;
  onSaved: () => Promise<void>;
};

async function save(project: number, values: GroupValues, item?: Environment) {
  const body = groupBody(project, values, item);
  if (item === undefined) {
    await done(
      api.POST("/api/project/{project_id}/environment", {
        params: { path: { project_id: project } },
        body,
      }),
    );
    return;
  }
  await done(
    api.PUT("/api/project/{project_id}/environment/{environment_id}", {
      params: { path: { project_id: project, environment_id: item.id } },
      headers: ifMatch(item),
      body,
    }),
  );
}

/** The list knows no secrets, so an existing group is read in full first. */
export function VariablesForm({ id, ...props }: Props & { id?: number }) {
  const group = useQuery({
    ...environmentQuery(props.project, id ?? 0),
    enabled: id !== undefined,
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
  if (id === undefined) return <Body {...props} />;
  if (group.error) return <ErrorState error={group.error} onRetry={() => void group.refetch()} />;
  if (!group.data || !group.isFetchedAfterMount) return <RowsSkeleton />;
  return <Body {...props} item={group.data} />;
}

function Body({ project, item, readOnly, onClose, onSaved }: Props & { item?: Environment }) {
  const { t } = useTranslation("resources");
  const client = useQueryClient();
  // A newer one may be read while the form is open; the form was not filled from it.
  const [edited] = useState(item);
  const form = useForm<GroupValues>({
    initialValues: groupValues(item),
    validate: groupRules(t),
  });
  const saving = useSave({
    form,
    fields: groupField,
    save: (values) => save(project, values, edited),
    onSaved: async (_, values) => {
      await onSaved();
      form.reset();
      await client.invalidateQueries({ queryKey: environmentKeys.all(project) });
      toastDone(t(item ? "form.saved" : "form.created", { name: values.name }));
    },
  });
  return (
    <Form
      saving={saving}
      submitLabel={item ? t("actions.save") : t("actions.create")}
      onCancel={onClose}
      readOnly={readOnly}
    >
      <TextInput
        label={t("fields.name")}
        required
        data-autofocus
        {...form.getInputProps("name")}
      />
      <CodeArea
        label={t("variables.json")}
        description={t("variables.jsonHelp")}
        placeholder={'{\n  "version": "1.2.0"\n}'}
        minRows={5}
        {...form.getInputProps("json")}
      />
      <EnvRows form={form} readOnly={readOnly} />
      <SecretRows form={form} readOnly={readOnly} />
    </Form>
  );
}
