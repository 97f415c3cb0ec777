import { Button, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { IconBrush, IconDownload, IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { usePermissions } from "@/api/permissions";
import type { Project } from "@/api/types";
import { Card } from "@/ui/Card";
import { Form, FormDrawer, useSave } from "@/ui/form";
import { toastDone, toastError } from "@/ui/toast";
import classes from "./projects.module.css";
import { download } from "@/ui/download";
import { backupFile } from "./restore";

async function blob(call: Promise<{ data?: Blob }>): Promise<Blob> {
  const { data } = await call;
  return data ?? new Blob();
}

/** The project as a file, without secrets or, for whoever holds every right, with them. */
export function Backup({ project }: { project: Project }) {
  const { t } = useTranslation("backup");
  const { can } = usePermissions(project.id);
  const [asking, setAsking] = useState(false);
  const path = { params: { path: { project_id: project.id } }, parseAs: "blob" as const };
  const plain = useMutation({
    mutationFn: () => blob(api.GET("/api/project/{project_id}/backup", path)),
    onSuccess: (file) => download(file, backupFile(project.name, new Date())),
    onError: toastError,
  });
  const all = can("run") && can("updateProject") && can("manageResources") && can("manageUsers");
  return (
    <Card padded title={t("title")}>
      <p className={classes.lead}>{t("text")}</p>
      <div className={classes.row}>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          loading={plain.isPending}
          onClick={() => plain.mutate()}
        >
          {t("download")}
        </Button>
        {all && (
          <Button variant="default" leftSection={<IconLock size={16} />} onClick={() => setAsking(true)}>
            {t("withSecrets")}
          </Button>
        )}
      </div>
      <FormDrawer opened={asking} onClose={() => setAsking(false)} title={t("withSecrets")}>
        <WithSecrets project={project} onClose={() => setAsking(false)} />
      </FormDrawer>
    </Card>
  );
}

const shortest = 10;

function WithSecrets({ project, onClose }: { project: Project; onClose: () => void }) {
  const { t } = useTranslation("backup");
  const form = useForm({
    initialValues: { passphrase: "", repeat: "" },
    validate: {
      passphrase: (v) => (v.length < shortest ? t("passphraseShort", { count: shortest }) : null),
      repeat: (v, all) => (v === all.passphrase ? null : t("differ")),
    },
  });
  const saving = useSave({
    form,
    save: ({ passphrase }) =>
      blob(
        api.POST("/api/project/{project_id}/backup", {
          params: { path: { project_id: project.id } },
          body: { passphrase },
          parseAs: "blob",
        }),
      ),
    onSaved: (file) => {
      download(file, backupFile(project.name, new Date()));
      form.reset();
      onClose();
    },
  });
  const toggle = { visibilityToggleButtonProps: { "aria-label": t("show") } };
  return (
    <Form saving={saving} submitLabel={t("download")} onCancel={onClose}>
      <p className={classes.lead}>{t("secretsText")}</p>
      <PasswordInput
        label={t("passphrase")}
        required
        autoComplete="new-password"
        data-autofocus
        {...toggle}
        {...form.getInputProps("passphrase")}
      />
      <PasswordInput
        label={t("repeat")}
        required
        autoComplete="new-password"
        {...toggle}
        {...form.getInputProps("repeat")}
      />
    </Form>
  );
}

/** Small things one does to a project that change nothing in it. */
export function Maintenance({ project }: { project: Project }) {
  const { t } = useTranslation("backup");
  const { can } = usePermissions(project.id);
  const path = { params: { path: { project_id: project.id } } };
  const clear = useMutation({
    mutationFn: () => done(api.DELETE("/api/project/{project_id}/cache", path)),
    onSuccess: () => toastDone(t("cacheCleared")),
    onError: toastError,
  });
  if (!can("manageResources")) return null;
  return (
    <Card padded title={t("maintenance")}>
      <p className={classes.lead}>{t("maintenanceText")}</p>
      <div className={classes.row}>
        <Button variant="default" leftSection={<IconBrush size={16} />} loading={clear.isPending} onClick={() => clear.mutate()}>
          {t("clearCache")}
        </Button>
      </div>
    </Card>
  );
}
