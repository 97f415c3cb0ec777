import { useComputedColorScheme } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { DARK, LIGHT } from "./colour";
import type { useLogPreferences } from "./preferences";
import { timeFormat } from "./times";
import type { ViewOptions } from "./view";

/** What the view shows, kept the same object while nothing of it changes. */
export function useViewOptions(
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
