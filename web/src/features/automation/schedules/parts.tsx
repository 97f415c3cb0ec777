import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { infoQuery, repositoriesQuery } from "@/api/queries";
import type { ScheduleRow } from "@/api/types";
import { formatMoment, formatRelative, isNear, localZone } from "@/lib/format";
import { useNames } from "@/ui/useNames";
import classes from "../automation.module.css";
import { unknownTime, useSetActive } from "./api";
import { cronWords, splitZone } from "./cron";
import { kindOf, shownName } from "./values";

/** The zone in which a schedule counts its time. */
function useZone(schedule: ScheduleRow): string | undefined {
  const info = useQuery(infoQuery());
  return splitZone(schedule.cron_format).zone || info.data?.schedule_timezone;
}

/** A moment in a zone, where the browser knows that zone. */
function momentIn(iso: string, zone: string): string | undefined {
  try {
    return formatMoment(iso, zone);
  } catch {
    return undefined;
  }
}

/** When a schedule starts its template, in words, with the expression below. */
export function When({ project, schedule }: { project: number; schedule: ScheduleRow }) {
  const { t } = useTranslation("automation");
  const repository = useNames(repositoriesQuery(project));
  const kind = kindOf(schedule);
  if (kind === "run_at") {
    // The next run says when, where there is one.
    if (schedule.next_run !== undefined || !schedule.run_at) return <span>{t("kinds.run_at")}</span>;
    return <span>{t("when.once", { at: formatMoment(schedule.run_at) })}</span>;
  }
  const words = cronWords(schedule.cron_format, t);
  return (
    <span className={classes.words}>
      {kind === "commits" && <span>{t("when.commits", { repository: repository(schedule.repository_id) ?? "" })}</span>}
      {words && <span>{words}</span>}
      <span className={words ? `mono ${classes.expression}` : "mono"}>{schedule.cron_format}</span>
    </span>
  );
}

/** When a schedule is due next: here, and in its own zone where that is another one. Labelled where no head of a column says so. */
export function Next({ schedule, labelled }: { schedule: ScheduleRow; labelled?: boolean }) {
  const { t } = useTranslation("automation");
  const zone = useZone(schedule);
  if (!schedule.active) return <span className="dim">{t("next.off")}</span>;
  if (schedule.next_run === unknownTime) return <span className="dim">{t("states.loading")}</span>;
  if (!schedule.next_run) return <span className="dim">{t("next.never")}</span>;
  const there = zone && zone !== localZone() ? momentIn(schedule.next_run, zone) : undefined;
  return (
    <span className={classes.words}>
      <span>
        {labelled && `${t(kindOf(schedule) === "commits" ? "next.check" : "next.title")}: `}
        {formatMoment(schedule.next_run)}{" "}
        {isNear(schedule.next_run) && <span className="dim">({formatRelative(schedule.next_run)})</span>}
      </span>
      {there && (
        <span className={classes.expression}>
          {there} · {zone}
        </span>
      )}
    </span>
  );
}

/** The switch of a schedule; those who may not use it see how it stands. */
export function ActiveSwitch({ project, schedule, manage }: { project: number; schedule: ScheduleRow; manage: boolean }) {
  const { t } = useTranslation("automation");
  const set = useSetActive(project, schedule.id);
  return (
    <Switch
      className={classes.switch}
      checked={schedule.active}
      disabled={!manage}
      aria-label={t("activeOf", { name: shownName(schedule) })}
      onChange={(event) => {
        // Disabling it meanwhile would take the focus away.
        if (!set.isPending) set.mutate(event.currentTarget.checked);
      }}
    />
  );
}
