import { Autocomplete, Loader, NumberInput, Stack, Switch, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { branchesQuery, keysQuery, repositoryKeys } from "@/api/queries";
import type { Repository } from "@/api/types";
import { hasBranches, transport } from "@/lib/gitUrl";
import { CodeInput } from "@/ui/CodeInput";
import { KeySelect } from "@/ui/KeySelect";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import {
  repositoryBody,
  repositoryRules,
  type RepositoryValues,
  repositoryValues,
} from "./values";

function save(project: number, values: RepositoryValues, id?: number) {
  const path = { project_id: project };
  const body = repositoryBody(project, values, id);
  return done(
    id === undefined
      ? api.POST("/api/project/{project_id}/repositories", { params: { path }, body })
      : api.PUT("/api/project/{project_id}/repositories/{repository_id}", {
          params: { path: { ...path, repository_id: id } },
          body: { ...body, id },
        }),
  );
}

export function RepositoryForm(props: ResourceFormProps<Repository>) {
  const { project, item, readOnly } = props;
  const { t } = useTranslation("resources");
  const form = useForm<RepositoryValues>({
    initialValues: repositoryValues(item),
    validate: repositoryRules(t),
  });
  const saving = useResourceSave(props, {
    form,
    save: (values) => save(project, values, item?.id),
    name: (values) => values.name,
    refresh: repositoryKeys.all(project),
  });
  useDefaultKey(project, form, item === undefined);
  const kind = transport(form.values.git_url);
  return (
    <ResourceForm {...props} saving={saving}>
      <TextInput
        label={t("fields.name")}
        required
        data-autofocus
        {...form.getInputProps("name")}
      />
      <CodeInput
        label={t("repositories.url")}
        description={t(`repositories.urlHelp.${kind}`)}
        required
        {...form.getInputProps("git_url")}
      />
      <BranchField project={project} item={item} form={form} />
      <KeySelect
        project={project}
        label={t("repositories.key")}
        description={t("repositories.keyHelp")}
        required
        disabled={readOnly}
        {...form.getInputProps("ssh_key_id")}
      />
      <AdvancedFields form={form} />
    </ResourceForm>
  );
}

type RepositoryFormState = UseFormReturnType<RepositoryValues>;

/** What few repositories need; open where it is in use, or wrong. */
function AdvancedFields({ form }: { form: RepositoryFormState }) {
  const { t } = useTranslation("resources");
  const used = Boolean(form.getInitialValues().git_depth) || form.getInitialValues().git_lfs;
  return (
    <details open={used || Boolean(form.errors.git_depth) || undefined}>
      <summary>{t("repositories.advanced")}</summary>
      <Stack mt="sm">
        <NumberInput
          label={t("repositories.depth")}
          description={t("repositories.depthHelp")}
          min={0}
          max={2147483647}
          allowDecimal={false}
          {...form.getInputProps("git_depth")}
        />
        <Switch
          label={t("repositories.lfs")}
          description={t("repositories.lfsHelp")}
          {...form.getInputProps("git_lfs", { type: "checkbox" })}
        />
      </Stack>
    </details>
  );
}

/** A new repository starts with the key that holds nothing, which public and local ones want. */
function useDefaultKey(project: number, form: RepositoryFormState, wanted: boolean) {
  const keys = useQuery(keysQuery(project));
  const none = keys.data?.find((k) => k.type === "none")?.id;
  const { setFieldValue, resetDirty } = form;
  const empty = form.values.ssh_key_id === null && !form.isDirty();
  useEffect(() => {
    if (!wanted || none === undefined || !empty) return;
    setFieldValue("ssh_key_id", none);
    resetDirty({ ...repositoryValues(), ssh_key_id: none });
  }, [wanted, none, empty, setFieldValue, resetDirty]);
}

/** Free text that offers the branches of the stored address, once there is one. */
function BranchField({
  project,
  item,
  form,
}: {
  project: number;
  item?: Repository;
  form: RepositoryFormState;
}) {
  const { t } = useTranslation("resources");
  const url = form.values.git_url.trim();
  const stored = item !== undefined && url === item.git_url && hasBranches(url);
  const branches = useQuery({ ...branchesQuery(project, item?.id ?? 0), enabled: stored });
  return (
    <Autocomplete
      label={t("repositories.branch")}
      description={branches.error ? t("repositories.noBranches") : t("repositories.branchHelp")}
      required={transport(form.values.git_url) !== "local"}
      data={branches.data ?? []}
      rightSection={branches.isFetching && <Loader size={14} />}
      autoCapitalize="none"
      spellCheck={false}
      limit={50}
      {...form.getInputProps("git_branch")}
    />
  );
}
