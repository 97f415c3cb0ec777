import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconGitCommit, IconServer, IconTag, IconUser } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { appsQuery, inventoriesQuery, repositoriesQuery, templateQuery } from "@/api/queries";
import type { Task } from "@/api/types";
import classes from "./run.module.css";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly app: string | undefined;
  readonly user: string | undefined;
}

/** The line of facts below a run's title; each leads to what it names. */
export function RunFacts({ projectId, task, app, user }: Props) {
  const { t } = useTranslation("runs");
  const apps = useQuery(appsQuery());
  const title = apps.data?.find((known) => known.id === app)?.title ?? app;
  const who = user || (task.schedule_id ? t("run.bySchedule") : task.integration_id ? t("run.byIntegration") : "");
  return (
    <div className={classes.facts}>
      {title !== undefined && <span>{title}</span>}
      <CommitFact projectId={projectId} task={task} />
      <InventoryFact projectId={projectId} task={task} />
      {task.version && <Fact icon={<IconTag size={14} aria-hidden />}>{task.version}</Fact>}
      {who !== "" && <Fact icon={<IconUser size={14} aria-hidden />}>{t("run.by", { name: who })}</Fact>}
      {task.message && <span className={classes.message}>{task.message}</span>}
    </div>
  );
}

function Fact({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <span className={classes.fact}>
      {icon}
      {children}
    </span>
  );
}

function CommitFact({ projectId, task }: { projectId: number; task: Task }) {
  const template = useQuery(templateQuery(projectId, task.template_id));
  const repositories = useQuery(repositoriesQuery(projectId));
  const repository = repositories.data?.find((r) => r.id === template.data?.repository_id);
  const branch = task.git_branch || template.data?.git_branch || repository?.git_branch;
  const commit = task.commit_hash?.slice(0, 8);
  if (!branch && !commit) return null;
  const text = [branch, commit].filter(Boolean).join("@");
  return (
    <Fact icon={<IconGitCommit size={14} aria-hidden />}>
      {repository === undefined ? (
        <span className="mono">{text}</span>
      ) : (
        <Link to="/project/$pid/repositories" params={{ pid: projectId }} search={{ open: repository.id }} className={classes.link}>
          <span className="mono">{text}</span>
        </Link>
      )}
      {task.commit_message && <span className={classes.message}>{task.commit_message.split("\n")[0]}</span>}
    </Fact>
  );
}

function InventoryFact({ projectId, task }: { projectId: number; task: Task }) {
  const template = useQuery(templateQuery(projectId, task.template_id));
  const inventories = useQuery(inventoriesQuery(projectId));
  const id = task.inventory_id ?? template.data?.inventory_id;
  const inventory = inventories.data?.find((known) => known.id === id);
  if (inventory === undefined) return null;
  return (
    <Fact icon={<IconServer size={14} aria-hidden />}>
      <Link to="/project/$pid/inventory" params={{ pid: projectId }} search={{ open: inventory.id }} className={classes.link}>
        {inventory.name}
      </Link>
    </Fact>
  );
}
