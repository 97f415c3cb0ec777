import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconDownload, IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { mountUrl } from "@/api/client";
import type { NewRunner, Runner } from "@/api/types";
import { CopyTextButton, CopyValue, Once } from "@/ui/CopyValue";
import { downloadText } from "@/ui/download";
import { Section } from "@/ui/form";
import { toastError } from "@/ui/toast";
import { newRegistration, runnersKey } from "./api";
import classes from "./runners.module.css";
import { registrationEnv, runnerConfig } from "./values";

/** What a new runner signs in with, shown this one time, and where to put it. */
export function NewSecrets({ project, runner, onClose }: { project?: number; runner: NewRunner; onClose: () => void }) {
  const { t } = useTranslation("runners");
  return (
    <div className={classes.extra}>
      {runner.registered ? (
        <>
          <Once>
            <p>{t("once")}</p>
            <h3 className={classes.label}>{t("token")}</h3>
            <CopyValue value={runner.token} label={t("token")} />
            <h3 className={classes.label}>{t("privateKey")}</h3>
            <p>{t("privateKeyText")}</p>
            <div className={classes.row}>
              <CopyTextButton value={runner.private_key} label={t("privateKey")} />
              <Button
                size="xs"
                variant="default"
                leftSection={<IconDownload size={14} />}
                onClick={() => downloadText("runner.key.pem", runner.private_key)}
              >
                {t("download")}
              </Button>
            </div>
          </Once>
          <Config text={t("configToken")} value={runnerConfig(mountUrl(), runner.token)} />
        </>
      ) : (
        <Registration project={project} runner={runner} />
      )}
      <div className={classes.end}>
        <Button onClick={onClose}>{t("finish")}</Button>
      </div>
    </div>
  );
}

/** The one-time token of a runner that registers itself. */
export function Registration({ project, runner }: { project?: number; runner: Runner }) {
  const { t } = useTranslation("runners");
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const create = useMutation({
    mutationFn: () => newRegistration(project, runner.id),
    onSuccess: async (fresh) => {
      setToken(fresh);
      await client.invalidateQueries({ queryKey: runnersKey(project) });
    },
    onError: toastError,
  });
  return (
    <Section title={t("registration")} description={t("registrationText")}>
      {token && (
        <>
          <Once>
            <p>{t("once")}</p>
            <CopyValue value={token} label={t("registration")} />
          </Once>
          <Config text={t("configRegistration")} value={registrationEnv(mountUrl(), token)} />
        </>
      )}
      <div>
        <Button variant="default" leftSection={<IconKey size={16} />} loading={create.isPending} onClick={() => create.mutate()}>
          {token ? t("registrationAgain") : t("registrationNew")}
        </Button>
      </div>
    </Section>
  );
}

function Config({ text, value }: { text: string; value: string }) {
  const { t } = useTranslation("runners");
  return (
    <div className={classes.config}>
      <p>{text}</p>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <pre className="mono" tabIndex={0} aria-label={t("config")}>
        {value}
      </pre>
      <CopyTextButton value={value} label={t("config")} />
    </div>
  );
}
