import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { logSearch } from "../api";
import { StageBar } from "../stages/StageBar";
import { FindBar } from "./FindBar";
import { GoToBar } from "./GoToBar";
import { LineBar } from "./LineBar";
import { LogEmpty } from "./LogEmpty";
import viewClasses from "./log.module.css";
import { LogSummary } from "./LogSummary";
import { LogToolbar } from "./LogToolbar";
import { NewLinesReader } from "./NewLinesReader";
import classes from "./pane.module.css";
import { useLogPreferences } from "./preferences";
import type { LogStore } from "./store";
import { timeModes } from "./times";
import { useFind } from "./useFind";
import { useFullScreen } from "./useFullScreen";
import { useLineLinks } from "./useLineLinks";
import { useLinkedQuery, useRememberQuery } from "./useLinkedQuery";
import { useLogShortcuts } from "./useLogShortcuts";
import { useLogView } from "./useLogView";
import { useFirstError, useNextError, useOpeningLine } from "./useOpening";
import { useViewOptions } from "./useViewOptions";
import type { LogView } from "./view";

interface Props {
  readonly projectId: number;
  readonly task: Task;
  readonly store: LogStore;
}

type Bar = { readonly kind: "none" | "find" } | { readonly kind: "goTo"; readonly start: string };

/** The log of a run with its tools. */
export function LogPane({ projectId, task, store }: Props) {
  const { t } = useTranslation("runs");
  const phone = useMediaQuery("(max-width: 767px)", undefined, { getInitialValueInEffect: false });
  const preferences = useLogPreferences(phone);
  const linkedQuery = useLinkedQuery();
  const [bar, setBar] = useState<Bar>({ kind: linkedQuery === "" ? "none" : "find" });
  const [jumped, setJumped] = useState(0);
  const [reading, setReading] = useState(false);
  const [frame, full, toggleFull] = useFullScreen();
  const lines = useLineLinks();
  const search = useMemo(() => logSearch(projectId, task.id), [projectId, task.id]);

  const view = useRef<LogView>(null);
  const show = useCallback((seq: number) => view.current?.goTo(seq), []);
  const topLine = useCallback(() => view.current?.topLine ?? 1, []);
  const { find, matcher } = useFind(store, search, topLine, show, linkedQuery);

  const options = useViewOptions(task, phone, preferences, {
    matcher: bar.kind === "find" ? matcher : null,
    current: bar.kind === "find" && find.at >= 0 ? (find.state.matches[find.at] ?? 0) : jumped,
    range: lines.range,
  });
  const host = useRef<HTMLDivElement>(null);
  const follow = useLogView({ host, view, store, options, following: lines.range === null, onPick: lines.pick });

  const jump = useCallback((seq: number) => {
    setJumped(seq);
    view.current?.goTo(seq);
  }, []);
  const toFirstError = useFirstError(store, search, jump);
  const toNextError = useNextError(store, search, jump);
  useOpeningLine(task, lines.range?.from ?? 0, jump, toFirstError);

  useRememberQuery(bar.kind === "find" ? find.query.text : "");

  const closeBar = () => {
    setBar({ kind: "none" });
    host.current?.focus({ preventScroll: true });
  };
  const shortcuts = {
    find: () => setBar({ kind: "find" }),
    goTo: (digits: string) => setBar({ kind: "goTo", start: digits }),
    firstError: () => void toFirstError(true),
    nextError: (by: 1 | -1) => void toNextError(jumped || topLine(), by),
    follow: () => view.current?.setFollow(!follow.on),
    end: () => view.current?.setFollow(true),
    wrap: () => preferences.set({ wrap: !preferences.wrap }),
    times: () => preferences.set({ time: timeModes[(timeModes.indexOf(preferences.time) + 1) % timeModes.length] }),
    copyLink: () => void lines.copyLink(),
    escape: () => {
      if (bar.kind !== "none") closeBar();
      else if (lines.range !== null) lines.clear();
      else if (jumped > 0) setJumped(0);
      else return false;
      return true;
    },
  };
  useLogShortcuts(shortcuts, bar.kind === "find");

  return (
    <div className={classes.frame} ref={frame} data-full={full || undefined}>
      <StageBar projectId={projectId} task={task} onJump={jump} />
      <LogToolbar
        projectId={projectId}
        taskId={task.id}
        summary={<LogSummary store={store} />}
        following={follow.on}
        wrap={preferences.wrap}
        time={preferences.time}
        full={full}
        reading={reading}
        onFind={() => setBar(bar.kind === "find" ? { kind: "none" } : { kind: "find" })}
        onGoTo={() => setBar({ kind: "goTo", start: "" })}
        onFirstError={shortcuts.firstError}
        onFollow={shortcuts.follow}
        onWrap={shortcuts.wrap}
        onTime={(time) => preferences.set({ time })}
        onFull={toggleFull}
        onReading={() => setReading(!reading)}
      />
      {bar.kind === "find" && <FindBar find={find} onClose={closeBar} />}
      {bar.kind === "goTo" && <GoToBar total={store.total} start={bar.start} onGo={jump} onClose={closeBar} />}
      {lines.range !== null && <LineBar store={store} range={lines.range} onCopyLink={lines.copyLink} onClear={lines.clear} />}
      <div className={classes.stage}>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
        <div ref={host} className={viewClasses.view} tabIndex={0} role="region" aria-label={t("log.label")} />
        <LogEmpty task={task} store={store} />
        {!follow.on && follow.newLines > 0 && (
          <Button className={classes.pill} size="compact-sm" radius="xl" onClick={() => view.current?.setFollow(true)}>
            {t("log.newLines", { count: follow.newLines, number: formatNumber(follow.newLines) })}
          </Button>
        )}
      </div>
      {reading && <NewLinesReader store={store} />}
    </div>
  );
}
