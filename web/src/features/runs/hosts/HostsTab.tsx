import { Button, CloseButton, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconFilter, IconFilterOff, IconServer2 } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import type { Task, Template } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { Empty, ErrorState, RowsSkeleton } from "@/ui/States";
import { CellDrawer } from "./CellDrawer";
import classes from "./hosts.module.css";
import { filterGrid, type Grid, grid, type State, totals } from "./matrix";
import { MatrixGrid } from "./MatrixGrid";
import { matrixQuery } from "./queries";
import { RerunFailed } from "./RerunFailed";
import { StateMark, useStateWord } from "./StateMark";
import { SummaryTables } from "./SummaryTables";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly template: Template | undefined;
}

/** What a playbook did on each host: hosts as rows, tasks as columns. */
export default function HostsTab(props: Props) {
  const { t } = useTranslation("engine");
  const { projectId, task } = props;
  const client = useQueryClient();
  const active = !isFinished(task.status);
  const matrix = useQuery(matrixQuery(client, projectId, task.id, active));
  const whole = useMemo(() => matrix.data && grid(matrix.data), [matrix.data]);
  if (whole === undefined) {
    if (matrix.error) return <ErrorState error={matrix.error} onRetry={() => void matrix.refetch()} />;
    return <RowsSkeleton rows={8} />;
  }
  if (whole.rows.length === 0) {
    // Runs of older versions and of playbooks whose results could not be read have totals at most.
    return active ? (
      <Empty icon={<IconServer2 size={28} stroke={1.5} />} title={t("hosts.notYet")} text={t("hosts.notYetText")} />
    ) : (
      <SummaryTables projectId={projectId} taskId={task.id} />
    );
  }
  return <Matrix {...props} whole={whole} />;
}

const chips: State[] = ["failed", "unreachable", "changed", "rescued", "ignored"];

function Matrix({ projectId, task, template, whole }: Props & { readonly whole: Grid }) {
  const { t } = useTranslation("engine");
  const [text, setText] = useState("");
  const [states, setStates] = useState<State[]>([]);
  const [open, setOpen] = useState<{ host: string; task: number } | null>(null);
  const shown = useMemo(() => filterGrid(whole, { states, text }), [whole, states, text]);
  const all = useMemo(() => totals(whole), [whole]);
  const toggle = (state: State) => setStates(states.includes(state) ? states.filter((s) => s !== state) : [...states, state]);
  const clear = () => {
    setText("");
    setStates([]);
  };
  return (
    <div className={classes.tab}>
      <div className={classes.summary}>
        <p className={classes.summaryText} role="status">
          {[
            t("hosts.hosts", { count: all.hosts, number: formatNumber(all.hosts) }),
            t("hosts.tasks", { count: all.tasks, number: formatNumber(all.tasks) }),
            all.troubled > 0 ? t("hosts.troubled", { count: all.troubled, number: formatNumber(all.troubled) }) : t("hosts.allWell"),
          ].join(" · ")}
        </p>
        <RerunFailed projectId={projectId} task={task} template={template} grid={whole} />
      </div>
      <div className={classes.tools}>
        <div className={classes.chips} role="group" aria-label={t("hosts.filterStates")}>
          {chips.map((state) => (
            <Chip
              key={state}
              state={state}
              count={all.results[state]}
              on={states.includes(state)}
              onToggle={() => toggle(state)}
            />
          ))}
        </div>
        <TextInput
          data-filter
          className={classes.filter}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && setText("")}
          placeholder={t("hosts.filter")}
          aria-label={t("hosts.filter")}
          leftSection={<IconFilter size={16} aria-hidden />}
          rightSection={text !== "" && <CloseButton size="sm" aria-label={t("hosts.clear")} onClick={() => setText("")} />}
        />
      </div>
      {shown.rows.length === 0 ? (
        <Empty
          icon={<IconFilterOff size={28} stroke={1.5} />}
          title={t("hosts.noMatch")}
          action={
            <Button variant="default" onClick={clear}>
              {t("hosts.clear")}
            </Button>
          }
        />
      ) : (
        <MatrixGrid grid={shown} onOpen={(host, number) => setOpen({ host, task: number })} />
      )}
      <Legend />
      <CellDrawer projectId={projectId} taskId={task.id} open={open} onClose={() => setOpen(null)} />
    </div>
  );
}

interface ChipProps {
  readonly state: State;
  readonly count: number;
  readonly on: boolean;
  readonly onToggle: () => void;
}

function Chip({ state, count, on, onToggle }: ChipProps) {
  const word = useStateWord();
  if (count === 0 && !on) return null;
  return (
    <button type="button" className={classes.chip} aria-pressed={on} onClick={onToggle}>
      <StateMark state={state} /> {word(state)} <span className="tnum dim">{formatNumber(count)}</span>
    </button>
  );
}

function Legend() {
  const word = useStateWord();
  const { t } = useTranslation("engine");
  const listed: State[] = ["ok", "changed", "skipped", "failed", "unreachable", "rescued", "ignored"];
  return (
    <ul className={classes.legend} aria-label={t("hosts.legend")}>
      {listed.map((state) => (
        <li key={state}>
          <StateMark state={state} /> {word(state)}
        </li>
      ))}
    </ul>
  );
}
