import { ActionIcon, Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconAlertTriangle, IconCopy, IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ExplainedVariable, Explanation, Task } from "@/api/types";
import { formatDuration } from "@/lib/format";
import { Card } from "@/ui/Card";
import { type Fact, Facts } from "@/ui/Facts";
import { ErrorState, RowsSkeleton } from "@/ui/States";
import { toastDone } from "@/ui/toast";
import { explainQuery } from "../api";
import { copyText } from "@/lib/clipboard";
import { type Command, commandLine, exactValue } from "./command";
import classes from "./explain.module.css";

/** What exactly a run executes: commands, environment, and every variable with where it comes from. */
export default function DetailsTab({ projectId, task }: { projectId: number; task: Task }) {
  const explained = useQuery(explainQuery(projectId, task.id, task.status === "waiting"));
  if (explained.data === undefined) {
    if (explained.error) return <ErrorState error={explained.error} onRetry={() => void explained.refetch()} />;
    return <RowsSkeleton rows={6} />;
  }
  return <View explanation={explained.data} />;
}

function View({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation("engine");
  const { commands, problem, variables, environment } = explanation;
  return (
    <div className={classes.tab}>
      {problem && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />}>
          {problem}
        </Alert>
      )}
      <Card padded title={t("explain.commands")}>
        {(commands ?? []).length === 0 ? (
          <p className={`${classes.note} dim`}>{t("explain.noCommands")}</p>
        ) : (
          <ol className={classes.commands}>
            {(commands ?? []).map((command, i) => (
              <CommandItem key={i} command={command} />
            ))}
          </ol>
        )}
      </Card>
      <Card padded title={t("explain.source")}>
        <SourceFacts explanation={explanation} />
      </Card>
      <Variables title={t("explain.variables")} none={t("explain.noVariables")} variables={variables ?? []} />
      <Variables title={t("explain.environment")} none={t("explain.noEnvironment")} variables={environment ?? []} />
    </div>
  );
}

function CommandItem({ command }: { command: Command }) {
  const { t } = useTranslation("engine");
  const line = commandLine(command);
  const copy = async () => {
    if (await copyText(line)) toastDone(t("common:actions.copied"));
  };
  return (
    <li className={classes.command}>
      <div className={classes.commandHead}>
        <code className={`${classes.line} mono`}>{line}</code>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("explain.copy")} onClick={() => void copy()}>
          <IconCopy size={16} />
        </ActionIcon>
      </div>
      <More title={t("explain.commandEnv")} lines={command.env} />
      <More title={t("explain.files")} lines={command.files} />
    </li>
  );
}

function More({ title, lines }: { title: string; lines: readonly string[] | null | undefined }) {
  if (!lines || lines.length === 0) return null;
  return (
    <details className={classes.more}>
      <summary>
        {title} <span className="dim tnum">{lines.length}</span>
      </summary>
      <pre className={`${classes.lines} mono`}>{lines.join("\n")}</pre>
    </details>
  );
}

function SourceFacts({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation("engine");
  const { source, max_duration_sec: limit } = explanation;
  const mono = (text: string | undefined) => text && <span className="mono">{text}</span>;
  const facts: Fact[] = [
    [t("explain.repository"), source.repository],
    [t("explain.url"), mono(source.url)],
    [
      t("explain.branch"),
      source.branch && (
        <>
          {mono(source.branch)} <Origin from={source.from} />
        </>
      ),
    ],
    [t("explain.commit"), mono(source.commit)],
    [t("explain.limit"), limit > 0 ? formatDuration(limit * 1000) : t("explain.noLimit")],
  ];
  return <Facts facts={facts} className={classes.facts} />;
}

function Origin({ from }: { from: string }) {
  const { t } = useTranslation("engine");
  return <span className={classes.origin}>{t(`explain.from.${from}`, { defaultValue: from })}</span>;
}

function Variables({ title, none, variables }: { title: string; none: string; variables: readonly ExplainedVariable[] }) {
  return (
    <Card padded title={title}>
      {variables.length === 0 ? (
        <p className={`${classes.note} dim`}>{none}</p>
      ) : (
        <ul className={classes.variables}>
          {variables.map((variable) => (
            <Variable key={variable.name} variable={variable} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Variable({ variable }: { variable: ExplainedVariable }) {
  const { t } = useTranslation("engine");
  return (
    <li className={classes.variable}>
      <span className={`${classes.name} mono`}>{variable.name}</span>
      <span className={classes.value}>
        <Value value={variable.value} secret={variable.secret} />
        {(variable.over ?? []).toReversed().map((old, i) => (
          <span key={i} className={classes.over}>
            {t("explain.over")} <Value value={old.value} secret={old.secret} /> <Origin from={old.from} />
          </span>
        ))}
      </span>
      <Origin from={variable.from} />
    </li>
  );
}

function Value({ value, secret }: { value: unknown; secret?: boolean }) {
  const { t } = useTranslation("engine");
  if (secret) {
    return (
      <span className={classes.secret}>
        <IconLock size={14} aria-hidden /> {t("explain.secret")}
      </span>
    );
  }
  return <span className={`${classes.text} mono`}>{exactValue(value)}</span>;
}
