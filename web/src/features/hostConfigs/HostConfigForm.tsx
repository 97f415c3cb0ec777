import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { hostConfigKeys, keysQuery } from "@/api/queries";
import type { HostConfig } from "@/api/types";
import { Form, useSave } from "@/ui/form";
import { KeySelect } from "@/ui/KeySelect";
import { Segments } from "@/ui/Segments";
import { toastDone } from "@/ui/toast";
import {
  fittingKeys,
  hostConfigBody,
  hostConfigRules,
  type HostConfigType,
  hostConfigTypes,
  type HostConfigValues,
  hostConfigValues,
} from "./values";

type Props = {
  project: number;
  item?: HostConfig;
  readOnly: boolean;
  onClose: () => void;
  onSaved: () => Promise<void>;
};

async function save(project: number, values: HostConfigValues, id?: number) {
  const body = hostConfigBody(project, values, id);
  if (id === undefined) {
    await done(
      api.POST("/api/project/{project_id}/host_configs", {
        params: { path: { project_id: project } },
        body,
      }),
    );
    return;
  }
  await done(
    api.PUT("/api/project/{project_id}/host_configs/{host_config_id}", {
      params: { path: { project_id: project, host_config_id: id } },
      body,
    }),
  );
}

export function HostConfigForm({ project, item, readOnly, onClose, onSaved }: Props) {
  const { t } = useTranslation("resources");
  const client = useQueryClient();
  const keys = useQuery(keysQuery(project));
  const form = useForm<HostConfigValues>({
    initialValues: hostConfigValues(item),
    validate: hostConfigRules(t),
  });
  const saving = useSave({
    form,
    save: (values) => save(project, values, item?.id),
    onSaved: async (_, values) => {
      await client.invalidateQueries({ queryKey: hostConfigKeys.all(project) });
      toastDone(t(item ? "form.saved" : "form.created", { name: values.host.trim() }));
      await onSaved();
    },
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
    <Form
      saving={saving}
      submitLabel={item ? t("actions.save") : t("actions.create")}
      onCancel={onClose}
      readOnly={readOnly}
    >
      <Segments
        label={t("hostConfigs.for")}
        help={t(`hostConfigs.help.${type}`)}
        disabled={readOnly}
        data={hostConfigTypes.map((value) => ({ value, label: t(`hostConfigs.types.${value}`) }))}
        {...form.getInputProps("type")}
        onChange={(value) => change({ type: value as HostConfigType })}
      />
      <TextInput
        label={t(`hostConfigs.${type}`)}
        placeholder={type === "host" ? "git.example.com" : "https://git.example.com/team"}
        required
        data-autofocus
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={255}
        classNames={{ input: "mono" }}
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
    </Form>
  );
}
