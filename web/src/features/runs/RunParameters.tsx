import { ActionIcon } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { inventoriesQuery, templateQuery, workspacesQuery } from "@/api/queries";
import type { Task } from "@/api/types";
import { formatTime } from "@/lib/format";
import { toastDone } from "@/ui/toast";
import { copyText } from "@/lib/clipboard";
import { stringList, strings, terraformChoices } from "./launch/payload";
import { secretQuestions } from "./launch/prefill";
import { RunAlerts } from "./RunAlerts";
import classes from "./run.module.css";

interface Row {
  readonly name: string;
  readonly value: string;
  /** Shown instead of the value, which may then not be copied. */
  readonly masked?: boolean;
}

/** The values a run was started with. */
export function RunParameters({ projectId, task }: { projectId: number; task: Task }) {
  const { t } = useTranslation("runs");
  const given = useGiven(projectId, task);
  const survey = useSurvey(projectId, task);
  return (
    <div className={classes.parameters}>
      <Group title={t("parameters.run")} rows={given} />
      <Group title={t("parameters.survey")} rows={survey} empty={t("parameters.noSurvey")} />
      <RunAlerts projectId={projectId} task={task} />
    </div>
  );
}

function Group({ title, rows, empty }: { title: string; rows: Row[]; empty?: string }) {
  const { t } = useTranslation("runs");
  return (
    <section className={classes.group}>
      <h2 className={classes.groupTitle}>{title}</h2>
      {rows.length === 0 ? (
        <p className="dim">{empty}</p>
      ) : (
        <dl className={classes.values}>
          {rows.map(({ name, value, masked }) => (
            <div key={name} className={classes.value}>
              <dt>{name}</dt>
              <dd className="mono">{masked ? t("parameters.secret") : value}</dd>
              {masked !== true && <CopyValue name={name} value={value} />}
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function CopyValue({ name, value }: { name: string; value: string }) {
  const { t } = useTranslation("runs");
  const copy = async () => {
    if (await copyText(value)) toastDone(t("common:actions.copied"));
  };
  return (
    <ActionIcon variant="subtle" color="gray" size={24} aria-label={t("parameters.copy", { name })} onClick={() => void copy()}>
      <IconCopy size={14} />
    </ActionIcon>
  );
}

function useGiven(projectId: number, task: Task): Row[] {
  const { t } = useTranslation("runs");
  const template = useQuery(templateQuery(projectId, task.template_id));
  const inventories = useQuery(inventoriesQuery(projectId));
  const workspaces = useQuery(workspacesQuery(projectId, task.template_id));
  const inventory = task.inventory_id ?? template.data?.inventory_id;
  const params = task.params ?? {};
  const list = (key: string) => strings(params[key] ?? template.data?.task_params?.[key]).join(", ");
  const flag = (key: string) => (params[key] === true ? t("parameters.on") : "");
  const level = params.debug === true ? "-" + "v".repeat(Math.min(6, Number(params.debug_level) || 4)) : "";
  const rows: [string, string | null | undefined][] = [
    ["message", task.message],
    ["playbook", task.playbook || template.data?.playbook],
    ["branch", task.git_branch || template.data?.git_branch],
    ["commit", task.commit_hash],
    ["commitMessage", task.commit_message],
    ["inventory", [...(workspaces.data ?? []), ...(inventories.data ?? [])].find((known) => known.id === inventory)?.name],
    ["limit", list("limit")],
    ["tags", list("tags")],
    ["skipTags", list("skip_tags")],
    ["debug", level],
    ["dryRun", flag("dry_run")],
    ["diff", flag("diff")],
    ["skipGalaxy", flag("skip_galaxy_install")],
    ...terraformChoices.map((choice): [string, string] => [choice, flag(choice)]),
    ["arguments", [...stringList(template.data?.arguments), ...stringList(task.arguments)].join(" ")],
    ["version", task.version],
    ["created", formatTime(task.created)],
    ["started", task.start ? formatTime(task.start) : ""],
    ["ended", task.end ? formatTime(task.end) : ""],
    ["lines", task.log_lines === undefined ? "" : String(task.log_lines)],
  ];
  return rows.flatMap(([key, value]) => (value ? [{ name: t(`parameters.${key}`), value }] : []));
}

function useSurvey(projectId: number, task: Task): Row[] {
  const template = useQuery(templateQuery(projectId, task.template_id));
  const rows: Row[] = [];
  try {
    const given: unknown = JSON.parse(task.environment || "{}");
    for (const [name, value] of Object.entries(given ?? {})) {
      rows.push({ name, value: typeof value === "string" ? value : JSON.stringify(value) });
    }
  } catch {
    rows.push({ name: "environment", value: task.environment ?? "" });
  }
  const secrets = template.data === undefined ? [] : secretQuestions(template.data);
  for (const name of secrets) {
    if (!rows.some((row) => row.name === name)) rows.push({ name, value: "", masked: true });
  }
  return rows;
}
