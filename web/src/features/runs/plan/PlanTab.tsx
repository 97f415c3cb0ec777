import { Alert, Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconAlertTriangle, IconCircleCheck, IconFilter, IconListSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import type { Stage, Task } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { stagesQuery } from "../api";
import { ActionMark, actionWord } from "./ActionMark";
import { ApproveBar } from "./ApproveBar";
import classes from "./plan.module.css";
import { ResourceRow } from "./ResourceRow";
import { type Counts, groups, lastPlan, type Plan, type Resource, readPlan } from "./summary";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly templateMask: number | null | undefined;
}

/** What a run is going to change, with the decision about it; of a finished run what it changed. */
export default function PlanTab({ projectId, task, templateMask }: Props) {
  const { t } = useTranslation("engine");
  const stages = useQuery(stagesQuery(projectId, task.id, !isFinished(task.status)));
  if (stages.data === undefined) {
    if (stages.error) return <ErrorState error={stages.error} onRetry={() => void stages.refetch()} />;
    return <RowsSkeleton />;
  }
  const plan = lastPlan(stages.data);
  return (
    <div className={classes.tab}>
      {plan !== null && <PlanView plan={plan} />}
      {plan === null && (
        <Empty
          icon={<IconListSearch size={28} stroke={1.5} />}
          title={t(isFinished(task.status) ? "plan.none" : "plan.notYet")}
          text={t(isFinished(task.status) ? "plan.noneText" : "plan.notYetText")}
        />
      )}
      <Results stages={stages.data} />
      <ApproveBar projectId={projectId} task={task} plan={plan} templateMask={templateMask} />
    </div>
  );
}

function PlanView({ plan }: { plan: Plan }) {
  const { t } = useTranslation("engine");
  if (plan.unreadable) {
    return (
      <Alert color="yellow" icon={<IconAlertTriangle size={18} />}>
        {t("plan.unreadable")}
      </Alert>
    );
  }
  const nothing = !plan.hasChanges && plan.resources.length === 0 && plan.outputs.length === 0;
  return (
    <>
      <section className={classes.head} aria-label={t("plan.counts")}>
        {nothing ? (
          <span className={classes.nothing}>
            <IconCircleCheck size={18} aria-hidden /> {t("plan.noChanges")}
          </span>
        ) : (
          <CountList counts={plan.counts} outputs={plan.outputsChanged} />
        )}
        <BoundFacts plan={plan} />
      </section>
      {plan.destroys && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />}>
          {t("plan.destroys")}
        </Alert>
      )}
      {plan.truncated && <Alert color="yellow">{t("plan.truncated")}</Alert>}
      <Changes plan={plan} />
      <Part title={t("plan.outputs")} resources={plan.outputs} />
      <Part title={t("plan.drift")} help={t("plan.driftHelp")} resources={plan.drift} />
    </>
  );
}

/** Counts as the program's own line has them; what is not there is left out, but the three that matter. */
export function CountList({ counts, outputs = 0 }: { counts: Counts; outputs?: number }) {
  const { t } = useTranslation("engine");
  const always = [
    ["create", counts.add, "plan.count.add"],
    ["update", counts.change, "plan.count.change"],
    ["delete", counts.destroy, "plan.count.destroy"],
  ] as const;
  const sometimes = [
    ["replace", counts.replace, "plan.count.replace"],
    ["import", counts.import, "plan.count.import"],
    ["move", counts.move, "plan.count.move"],
    ["forget", counts.forget, "plan.count.forget"],
    ["read", counts.read, "plan.count.read"],
  ] as const;
  return (
    <ul className={classes.counts}>
      {[...always, ...sometimes.filter(([, n]) => n > 0)].map(([action, n, key]) => (
        <li key={action} className={classes.count} data-action={action} data-zero={n === 0 || undefined}>
          <ActionMark action={action} />
          <strong className="tnum">{formatNumber(n)}</strong> {t(key, { count: n })}
        </li>
      ))}
      {outputs > 0 && <li className={classes.count}>{t("plan.count.outputs", { count: outputs })}</li>}
    </ul>
  );
}

function BoundFacts({ plan }: { plan: Plan }) {
  const { t } = useTranslation("engine");
  const facts = [
    ["commit", plan.commit.slice(0, 12)],
    ["workspace", plan.workspace],
    ["serial", plan.serial === null ? "" : String(plan.serial)],
    ["version", plan.version],
  ].filter(([, value]) => value !== "");
  return (
    <dl className={classes.bound}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{t(`plan.bound.${name}`)}</dt>
          <dd className="mono" title={name === "commit" ? plan.commit : undefined}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Changes({ plan }: { plan: Plan }) {
  const { t } = useTranslation("engine");
  const [filter, setFilter] = useState("");
  if (plan.resources.length === 0) return null;
  const found = groups(plan.resources, filter);
  return (
    <section className={classes.changes}>
      {plan.resources.length > 8 && (
        <TextInput
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
          placeholder={t("plan.filter")}
          aria-label={t("plan.filter")}
          leftSection={<IconFilter size={16} aria-hidden />}
          className={classes.filter}
        />
      )}
      {found.length === 0 && <p className="dim">{t("plan.noMatch")}</p>}
      {found.map(({ action, resources }) => (
        <Part key={action} title={actionWord(t, action)} action={action} resources={resources} open={action === "delete" || action === "replace"} />
      ))}
    </section>
  );
}

const FIRST = 100;

interface PartProps {
  readonly title: string;
  readonly help?: string;
  readonly action?: string;
  readonly resources: readonly Resource[];
  readonly open?: boolean;
}

function Part({ title, help, action, resources, open }: PartProps) {
  const { t } = useTranslation("engine");
  const [all, setAll] = useState(false);
  if (resources.length === 0) return null;
  const shown = all ? resources : resources.slice(0, FIRST);
  return (
    <section className={classes.part}>
      <h2 className={classes.partTitle}>
        {action !== undefined && <ActionMark action={action} />}
        {title} <span className="dim tnum">{formatNumber(resources.length)}</span>
      </h2>
      {help !== undefined && <p className={`${classes.help} dim`}>{help}</p>}
      <ul className={classes.list}>
        {shown.map((each) => (
          <ResourceRow key={each.address} resource={each} open={open === true && resources.length <= 5} />
        ))}
      </ul>
      {shown.length < resources.length && (
        <Button variant="default" size="xs" onClick={() => setAll(true)}>
          {t("plan.showAll", { number: formatNumber(resources.length) })}
        </Button>
      )}
    </section>
  );
}

/** The outputs of the state after an apply. */
function Results({ stages }: { stages: readonly Stage[] }) {
  const { t } = useTranslation("engine");
  const done = stages.findLast((stage) => stage.type === "running" && stage.result);
  const outputs: unknown = done?.result?.outputs;
  if (!Array.isArray(outputs) || outputs.length === 0) return null;
  const read = readPlan({ outputs: outputs.map((o: { name?: unknown; value?: unknown }) => ({ name: o.name, action: "read", after: o.value })) });
  return <Part title={t("plan.results")} resources={read.outputs} />;
}
