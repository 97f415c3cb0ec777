import { Alert, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconScissors } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Cell, PlayTask } from "@/api/types";
import { formatDuration, formatTime } from "@/lib/format";
import { type Fact, Facts } from "@/ui/Facts";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { unifiedLines } from "@/ui/diff";
import { DiffView } from "@/ui/DiffView";
import classes from "./hosts.module.css";
import { cellState } from "./matrix";
import { cellQuery } from "./queries";
import { StateMark, useStateWord } from "./StateMark";

interface Props {
  readonly projectId: number;
  readonly taskId: number;
  readonly open: { readonly host: string; readonly task: number } | null;
  readonly onClose: () => void;
}

/** Everything that is known of one task on one host. */
export function CellDrawer({ projectId, taskId, open, onClose }: Props) {
  const { t } = useTranslation("engine");
  return (
    <Drawer
      opened={open !== null}
      onClose={onClose}
      title={open?.host ?? ""}
      position="right"
      size={640}
      closeButtonProps={{ "aria-label": t("common:actions.close") }}
    >
      {open !== null && <Details projectId={projectId} taskId={taskId} host={open.host} number={open.task} />}
    </Drawer>
  );
}

function Details({ projectId, taskId, host, number }: { projectId: number; taskId: number; host: string; number: number }) {
  const { t } = useTranslation("engine");
  const answer = useQuery(cellQuery(projectId, taskId, number, host));
  if (answer.data === undefined) {
    if (answer.error) return <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />;
    return <RowsSkeleton rows={4} />;
  }
  const tasks = (answer.data.plays ?? []).flatMap((play) => play.tasks ?? []);
  const task = tasks.find((each) => each.number === number);
  const cell = task?.cells?.find((each) => each.host === host);
  if (task === undefined || cell === undefined) return <Empty title={t("hosts.noResult")} />;
  return (
    <div className={classes.details}>
      <CellFacts task={task} cell={cell} />
      <Text title={t("cell.message")} text={cell.text} />
      <Text title={t("cell.output")} text={cell.output} />
      {cell.diff && (
        <Part title={t("cell.diff")}>
          <DiffView lines={unifiedLines(cell.diff)} />
        </Part>
      )}
      {cell.cut && (
        <Alert variant="default" icon={<IconScissors size={18} />}>
          {t("cell.cut")}
        </Alert>
      )}
      {!cell.text && !cell.output && !cell.diff && <p className="dim">{t("cell.nothing")}</p>}
      <Link
        to="/project/$pid/tasks/$tid"
        params={{ pid: projectId, tid: taskId }}
        search={{ q: `[${task.name || task.action}]` } as never}
        className={classes.link}
      >
        {t("cell.toLog")}
      </Link>
    </div>
  );
}

function CellFacts({ task, cell }: { task: PlayTask; cell: Cell }) {
  const { t } = useTranslation("engine");
  const word = useStateWord();
  const state = cellState(cell);
  const items = cell.items;
  const rows: Fact[] = [
    [t("cell.task"), task.name || task.action],
    [
      t("cell.state"),
      <span key="state" className={classes.state}>
        <StateMark state={state} /> {word(state)}
      </span>,
    ],
    [t("cell.module"), <span key="module" className="mono">{task.action}</span>],
    [t("cell.path"), task.path && <span className="mono">{task.path}</span>],
    [t("cell.started"), formatTime(cell.start)],
    [t("cell.duration"), formatDuration(cell.duration_ms)],
    [t("cell.attempts"), (cell.attempts ?? 0) > 1 && String(cell.attempts)],
    [t("cell.delegate"), cell.delegate],
    [t("cell.items"), items && t("cell.itemCounts", { ok: items.ok, changed: items.changed, failed: items.failed, skipped: items.skipped })],
  ];
  return <Facts facts={rows} className={classes.facts} />;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className={classes.partTitle}>{title}</h3>
      {children}
    </section>
  );
}

function Text({ title, text }: { title: string; text: string | undefined }) {
  if (!text) return null;
  return (
    <Part title={title}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <pre className={`${classes.text} mono`} tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </Part>
  );
}
