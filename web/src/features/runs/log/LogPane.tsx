import { Button, useComputedColorScheme } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isFinished } from "@/api/cache";
import type { Task } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { toastDone, toastError } from "@/ui/toast";
import { logSearch } from "../api";
import { copyText } from "../clipboard";
import { DARK, LIGHT } from "./colour";
import { FindBar } from "./FindBar";
import { firstError } from "./find";
import { GoToBar } from "./GoToBar";
import { LineBar } from "./LineBar";
import { lineHash, parseLineHash, pickLines } from "./lines";
import { LogEmpty } from "./LogEmpty";
import viewClasses from "./log.module.css";
import { LogToolbar } from "./LogToolbar";
import { NewLinesReader } from "./NewLinesReader";
import classes from "./pane.module.css";
import { useLogPreferences } from "./preferences";
import type { LogStore } from "./store";
import { timeFormat, timeModes } from "./times";
import { useFind } from "./useFind";
import { useFullScreen } from "./useFullScreen";
import { useLogShortcuts } from "./useLogShortcuts";
import { useLogFacts } from "./useLogStore";
import { useLogView } from "./useLogView";
import type { LogView, ViewOptions } from "./view";

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
  const facts = useLogFacts(store);
  const [bar, setBar] = useState<Bar>({ kind: "none" });
  const [jumped, setJumped] = useState(0);
  const [reading, setReading] = useState(false);
  const [frame, full, toggleFull] = useFullScreen();
  const lines = useLineLinks();
  const search = useMemo(() => logSearch(projectId, task.id), [projectId, task.id]);

  const view = useRef<LogView>(null);
  const show = useCallback((seq: number) => view.current?.goTo(seq), []);
  const topLine = useCallback(() => view.current?.topLine ?? 1, []);
  const { find, matcher } = useFind(store, search, topLine, show);

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
  useOpeningLine(task, lines.range?.from ?? 0, jump, toFirstError);

  const closeBar = () => {
    setBar({ kind: "none" });
    host.current?.focus({ preventScroll: true });
  };
  const shortcuts = {
    find: () => setBar({ kind: "find" }),
    goTo: (digits: string) => setBar({ kind: "goTo", start: digits }),
    firstError: () => void toFirstError(true),
    follow: () => view.current?.setFollow(!follow.on),
    end: () => view.current?.setFollow(true),
    wrap: () => preferences.set({ wrap: !preferences.wrap }),
    times: () => preferences.set({ time: timeModes[(timeModes.indexOf(preferences.time) + 1) % timeModes.length] }),
    copyLink: () => void lines.copyLink(),
    escape: () => {
      if (bar.kind !== "none") closeBar();
      else if (lines.range !== null) lines.clear();
      else return false;
      return true;
    },
  };
  useLogShortcuts(shortcuts, bar.kind === "find");

  return (
    <div className={classes.frame} ref={frame} data-full={full || undefined}>
      <LogToolbar
        projectId={projectId}
        taskId={task.id}
        summary={t(facts.complete ? "log.lines" : "log.linesSoFar", { count: facts.total, number: formatNumber(facts.total) })}
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
      {bar.kind === "goTo" && <GoToBar total={facts.total} start={bar.start} onGo={jump} onClose={closeBar} />}
      {lines.range !== null && <LineBar store={store} range={lines.range} onCopyLink={lines.copyLink} onClear={lines.clear} />}
      <div className={classes.stage}>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
        <div ref={host} className={viewClasses.view} tabIndex={0} role="region" aria-label={t("log.label")} />
        {facts.total === 0 && <LogEmpty task={task} complete={facts.complete} />}
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

/** The line or range in the address, and changing it. */
function useLineLinks() {
  const { t } = useTranslation("runs");
  const navigate = useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const range = useMemo(() => parseLineHash(hash), [hash]);
  const go = (next: string) =>
    void navigate({ to: ".", search: true, hash: next, replace: true, resetScroll: false, hashScrollIntoView: false });
  return {
    range,
    pick: (seq: number, extend: boolean) => go(lineHash(pickLines(range, seq, extend))),
    clear: () => go(""),
    copyLink: async () => {
      if (await copyText(location.href)) toastDone(t("actions.linkCopied"));
    },
  };
}

function useViewOptions(
  task: Task,
  phone: boolean,
  preferences: Pick<ReturnType<typeof useLogPreferences>, "time" | "wrap">,
  rest: Pick<ViewOptions, "matcher" | "current" | "range">,
): ViewOptions {
  const { t } = useTranslation("runs");
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const start = task.start ? Date.parse(task.start) : Date.parse(task.created);
  const { time: mode, wrap } = preferences;
  const { matcher, current, range } = rest;
  const time = useMemo(() => timeFormat(mode, start, phone), [mode, start, phone]);
  const texts = useMemo(
    () => ({
      showAll: (hidden: number) => t("log.showAll", { count: hidden, number: formatNumber(hidden) }),
      continues: t("log.continues"),
      loading: t("log.loadingLine"),
      lineLink: (seq: number) => t("log.lineLink", { number: formatNumber(seq) }),
    }),
    [t],
  );
  return useMemo(
    () => ({ theme: scheme === "dark" ? DARK : LIGHT, wrap, time, matcher, current, range, texts }),
    [scheme, wrap, time, matcher, current, range, texts],
  );
}

function useFirstError(store: LogStore, search: ReturnType<typeof logSearch>, jump: (seq: number) => void) {
  const { t } = useTranslation("runs");
  return useCallback(
    async (asked: boolean) => {
      try {
        const seq = await firstError(store, search, AbortSignal.timeout(20_000));
        if (seq > 0) jump(seq);
        else if (asked) toastDone(t("log.noError"));
      } catch (error) {
        if (asked) toastError(error);
      }
    },
    [store, search, jump, t],
  );
}

/** Where a log opens: at the linked line, else a failed run at its first error, else at the end. */
function useOpeningLine(task: Task, linked: number, jump: (seq: number) => void, toError: (asked: boolean) => Promise<void>) {
  const open = useEffectEvent(() => {
    if (linked > 0) jump(linked);
    else if (isFinished(task.status) && task.status === "error") void toError(false);
  });
  useEffect(() => {
    open();
  }, []);
}
