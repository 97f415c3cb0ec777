import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done, ifMatch } from "@/api/client";
import { environmentKeys, environmentQuery } from "@/api/queries";
import type { Environment } from "@/api/types";
import { CodeArea } from "@/ui/CodeArea";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { EnvRows } from "./EnvRows";
import { SecretRows } from "./SecretRows";
import { groupBody, groupField, groupRules, type GroupValues, groupValues } from "./values";

type Props = ResourceFormProps<Environment>;

function save(project: number, values: GroupValues, item?: Environment) {
  const path = { project_id: project };
  const body = groupBody(project, values, item);
  return done(
    item === undefined
      ? api.POST("/api/project/{project_id}/environment", { params: { path }, body })
      : api.PUT("/api/project/{project_id}/environment/{environment_id}", {
          params: { path: { ...path, environment_id: item.id } },
          headers: ifMatch(item),
          body,
        }),
  );
}

/** The list knows no secrets, so an existing group is read in full first. */
export function VariablesForm(props: Props) {
  const id = props.item?.id;
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

function Body(props: Props) {
  const { project, item, readOnly } = props;
  const { t } = useTranslation("resources");
  // A newer one may be read while the form is open; the form was not filled from it.
  const [edited] = useState(item);
  const form = useForm<GroupValues>({
    initialValues: groupValues(item),
    validate: groupRules(t),
  });
  const saving = useResourceSave(props, {
    form,
    fields: groupField,
    save: (values) => save(project, values, edited),
    name: (values) => values.name,
    refresh: environmentKeys.all(project),
    forget: true,
  });
  return (
    <ResourceForm {...props} saving={saving}>
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
    </ResourceForm>
  );
}
