import { Alert, FileInput, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconAlertTriangle, IconFileUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { ApiError, isApiError } from "@/api/errors";
import { projectKeys, userQuery } from "@/api/queries";
import { Card } from "@/ui/Card";
import { Form, useSave } from "@/ui/form";
import { ButtonLink } from "@/ui/links";
import { PageHeader } from "@/ui/PageHeader";
import { Empty, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import classes from "./projects.module.css";
import { type Chosen, readBackup, restoreBody } from "./restore";

type Restored = { id: number; name: string; warnings: string[] };

async function restore(chosen: Chosen, name: string, passphrase: string): Promise<Restored> {
  try {
    const project = await data(
      api.POST("/api/projects/restore", { body: restoreBody(chosen, name, passphrase) as never }),
    );
    return { id: project.id, name: project.name, warnings: project.warnings ?? [] };
  } catch (error) {
    // A mistake inside the document: the place is what helps to find it.
    if (isApiError(error) && error.field && !fields.has(error.field)) {
      throw new ApiError({ status: error.status, message: `${error.field}: ${error.message}` });
    }
    throw error;
  }
}

const fields = new Set(["meta.name", "passphrase"]);

/** Makes a new project of a backup. */
export default function RestorePage() {
  const { t } = useTranslation("backup");
  const user = useQuery(userQuery());
  const [restored, setRestored] = useState<Restored>();
  const body = () => {
    if (!user.data) return <RowsSkeleton />;
    if (!user.data.admin && !user.data.can_create_project) {
      return <Empty title={t("restore.forbidden")} text={t("restore.forbiddenText")} />;
    }
    return restored ? <Warnings restored={restored} /> : <RestoreForm onWarnings={setRestored} />;
  };
  return (
    <>
      <PageHeader title={t("restore.title")} description={t("restore.description")} />
      <div className={classes.narrow}>{body()}</div>
    </>
  );
}

type Values = { file: File | null; name: string; passphrase: string };

function RestoreForm({ onWarnings }: { onWarnings: (restored: Restored) => void }) {
  const { t } = useTranslation("backup");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<Chosen>();
  const form = useForm<Values>({
    initialValues: { file: null, name: "", passphrase: "" },
    validate: {
      file: (file) => (!file ? t("errors.required") : chosen ? null : t("restore.noBackup")),
      name: (v) => (!chosen || v.trim() ? null : t("errors.required")),
    },
  });
  const choose = async (file: File | null) => {
    form.setFieldValue("file", file);
    const read = file ? readBackup(await file.text()) : undefined;
    setChosen(read);
    form.setFieldValue("name", read?.name ?? "");
    form.setFieldError("file", file && !read ? t("restore.noBackup") : null);
  };
  const saving = useSave({
    form,
    fields: (field) => (field === "meta.name" ? "name" : field),
    save: ({ name, passphrase }) => restore(chosen as Chosen, name, passphrase),
    onSaved: async (project) => {
      await client.invalidateQueries({ queryKey: projectKeys.all });
      toastDone(t("restore.done", { name: project.name }));
      if (project.warnings.length > 0) onWarnings(project);
      else await navigate({ to: "/project/$pid", params: { pid: project.id } });
    },
  });
  const counted = chosen?.parts.filter((p) => p.count > 0) ?? [];
  return (
    <Card padded>
      <Form saving={saving} submitLabel={t("restore.submit")}>
        <FileInput
          label={t("restore.file")}
          description={t("restore.fileHelp")}
          placeholder={t("restore.choose")}
          accept="application/json,.json"
          leftSection={<IconFileUpload size={16} aria-hidden />}
          required
          clearable
          clearButtonProps={{ "aria-label": t("actions.remove") }}
          {...form.getInputProps("file")}
          onChange={(file) => void choose(file)}
        />
        {chosen && (
          <>
            <TextInput label={t("restore.name")} required maxLength={150} {...form.getInputProps("name")} />
            <div>
              <p className={classes.lead}>{counted.length > 0 ? t("restore.holds") : t("restore.holdsNothing")}</p>
              <ul className={classes.counts} aria-label={t("restore.holds")}>
                {counted.map(({ key, count }) => (
                  <li key={key}>{t(`parts.${key}`, { count })}</li>
                ))}
              </ul>
            </div>
            {chosen.secrets ? (
              <PasswordInput
                label={t("passphrase")}
                description={t("restore.passphraseHelp")}
                autoComplete="off"
                visibilityToggleButtonProps={{ "aria-label": t("show") }}
                {...form.getInputProps("passphrase")}
              />
            ) : (
              <Alert color="blue">{t("restore.noSecrets")}</Alert>
            )}
          </>
        )}
      </Form>
    </Card>
  );
}

function Warnings({ restored }: { restored: Restored }) {
  const { t } = useTranslation("backup");
  return (
    <Card padded title={t("restore.done", { name: restored.name })}>
      <Alert color="yellow" icon={<IconAlertTriangle size={18} />} title={t("restore.warnings")}>
        <ul className={classes.counts}>
          {restored.warnings.map((text, i) => (
            <li key={i}>{text}</li>
          ))}
        </ul>
      </Alert>
      <div className={classes.row} style={{ marginBlockStart: 16 }}>
        <ButtonLink to="/project/$pid" params={{ pid: restored.id }}>
          {t("restore.open")}
        </ButtonLink>
      </div>
    </Card>
  );
}
