import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconCheck, IconCopy, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { integrationKeys } from "@/api/queries";
import type { IntegrationAlias } from "@/api/types";
import { copyText } from "@/lib/clipboard";
import { Card } from "@/ui/Card";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone, toastError } from "@/ui/toast";
import { useDelete } from "@/ui/useDelete";
import classes from "../automation.module.css";
import { aliasesQuery, createAlias, deleteAlias } from "./api";

type Props = { project: number; integration?: number; searchable?: boolean };

/** Addresses of an integration or of the project. They are secrets of a kind: who knows one can call it. */
export function Addresses({ project, integration, searchable }: Props) {
  const { t } = useTranslation("automation");
  const { can } = usePermissions(project);
  const client = useQueryClient();
  const manage = can("manageResources");
  const aliases = useQuery({ ...aliasesQuery(project, integration), enabled: manage });
  const refresh = () => client.invalidateQueries({ queryKey: integrationKeys.aliases(project, integration) });
  const create = useMutation({
    mutationFn: () => createAlias(project, integration),
    onError: toastError,
    onSuccess: () => toastDone(t("addresses.created")),
    onSettled: refresh,
  });
  const deleting = useDelete<IntegrationAlias & { name: string }>({
    project,
    remove: (alias) => deleteAlias(project, alias.id, integration),
    onDone: refresh,
    warning: t("addresses.deleteWarning"),
  });
  const level = integration === undefined ? "project" : searchable ? "unused" : "own";
  const add = manage && level !== "unused" && (
    <Button variant="default" size="xs" leftSection={<IconPlus size={16} />} loading={create.isPending} onClick={() => create.mutate()}>
      {t("addresses.create")}
    </Button>
  );
  return (
    <Card title={t(integration === undefined ? "addresses.ofProject" : "addresses.title")} action={add}>
      <p className={classes.note}>{t(`addresses.help.${level}`)}</p>
      {!manage ? (
        <p className={classes.note}>{t("addresses.hidden")}</p>
      ) : aliases.error ? (
        <ErrorState error={aliases.error} onRetry={() => void aliases.refetch()} />
      ) : !aliases.data ? (
        <RowsSkeleton rows={1} />
      ) : aliases.data.length === 0 ? (
        level !== "unused" && <p className={classes.note}>{t("addresses.none")}</p>
      ) : (
        <ul className={classes.list} aria-label={t("addresses.title")}>
          {aliases.data.map((alias) => (
            <li key={alias.id}>
              <span className={`mono ${classes.entry}`}>{alias.url}</span>
              <span className={classes.end}>
                <Copy text={alias.url} />
                <Button
                  variant="subtle"
                  color="red"
                  size="xs"
                  px={8}
                  aria-label={`${t("actions.delete")}: ${alias.url}`}
                  onClick={() => deleting.ask({ ...alias, name: alias.url })}
                >
                  <IconTrash size={16} aria-hidden />
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {deleting.dialog}
    </Card>
  );
}

function Copy({ text }: { text: string }) {
  const { t } = useTranslation("automation");
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      aria-label={`${t("actions.copy")}: ${text}`}
      onClick={() => void copy()}
    >
      {copied ? t("actions.copied") : t("actions.copy")}
    </Button>
  );
}
