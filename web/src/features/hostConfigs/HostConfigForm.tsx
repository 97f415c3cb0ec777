import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { hostConfigKeys, keysQuery } from "@/api/queries";
import type { HostConfig } from "@/api/types";
import { CodeInput } from "@/ui/CodeInput";
import { KeySelect } from "@/ui/KeySelect";
import { ResourceForm, type ResourceFormProps, useResourceSave } from "@/ui/resourceForm";
import { Segments } from "@/ui/Segments";
import {
  fittingKeys,
  hostConfigBody,
  hostConfigRules,
  type HostConfigType,
  hostConfigTypes,
  type HostConfigValues,
  hostConfigValues,
} from "./values";

function save(project: number, values: HostConfigValues, id?: number) {
  const path = { project_id: project };
  const body = hostConfigBody(project, values, id);
  return done(
    id === undefined
      ? api.POST("/api/project/{project_id}/host_configs", { params: { path }, body })
      : api.PUT("/api/project/{project_id}/host_configs/{host_config_id}", {
          params: { path: { ...path, host_config_id: id } },
          body,
        }),
  );
}

export function HostConfigForm(props: ResourceFormProps<HostConfig>) {
  const { project, item, readOnly } = props;
  const { t } = useTranslation("resources");
  const keys = useQuery(keysQuery(project));
  const form = useForm<HostConfigValues>({
    initialValues: hostConfigValues(item),
    validate: hostConfigRules(t),
  });
  const saving = useResourceSave(props, {
    form,
    save: (values) => save(project, values, item?.id),
    name: (values) => values.host,
    refresh: hostConfigKeys.all(project),
  });
  const { type } = form.values;
  const types = fittingKeys(form.values);
  const none = keys.data !== undefined && !keys.data.some((k) => types.includes(k.type));
  // A key that does not fit any more would be sent without being seen.
  const change = (values: Partial<HostConfigValues>) => {
    const next = { ...form.values, ...values };
    const key = keys.data?.find((k) => k.id === next.ssh_key_id);
    form.setValues({ ...values, ...(key && !fittingKeys(next).includes(key.type) ? { ssh_key_id: null } : {}) });
    form.clearFieldError("host");
  };
  return (
    <ResourceForm {...props} saving={saving}>
      <Segments
        label={t("hostConfigs.for")}
        help={t(`hostConfigs.help.${type}`)}
        disabled={readOnly}
        data={hostConfigTypes.map((value) => ({ value, label: t(`hostConfigs.types.${value}`) }))}
        {...form.getInputProps("type")}
        onChange={(value) => change({ type: value as HostConfigType })}
      />
      <CodeInput
        label={t(`hostConfigs.${type}`)}
        placeholder={type === "host" ? "git.example.com" : "https://git.example.com/team"}
        required
        data-autofocus
        maxLength={255}
        {...form.getInputProps("host")}
        onChange={(event) => change({ host: event.currentTarget.value })}
      />
      <KeySelect
        project={project}
        label={t("hostConfigs.key")}
        description={t(none ? `hostConfigs.noKeys.${type}` : `hostConfigs.keyHelp.${type}`)}
        required
        disabled={readOnly}
        types={types}
        {...form.getInputProps("ssh_key_id")}
      />
    </ResourceForm>
  );
}
