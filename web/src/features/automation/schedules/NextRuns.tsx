import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { infoQuery } from "@/api/queries";
import { formatMoment, formatRelative, isNear, localZone } from "@/lib/format";
import classes from "../automation.module.css";
import { previewQuery } from "./api";
import type { ScheduleKind } from "./values";

type Props = {
  project: number;
  kind: ScheduleKind;
  /** What was typed a moment ago. */
  cron: string;
  /** When it is due once. */
  once?: string;
};

/** When what the form holds is due next, as the server reads it: here, and where the schedule counts its time. */
export function NextRuns({ project, kind, cron, once }: Props) {
  const { t } = useTranslation("automation");
  const clock = kind !== "run_at";
  const typed = cron.trim() !== "";
  const preview = useQuery({ ...previewQuery(project, cron.trim()), enabled: clock && typed, placeholderData: keepPreviousData });
  const wrong = clock && (!typed || preview.error !== null);
  const info = useQuery(infoQuery());
  const zone = clock ? preview.data?.timezone : info.data?.schedule_timezone;
  const runs = clock ? preview.data?.runs : once === undefined ? [] : [once];
  return (
    <div className={classes.preview} aria-live="polite">
      <p className={classes.previewTitle}>{t(kind === "commits" ? "preview.checks" : "preview.title")}</p>
      {wrong ? (
        <p className="dim">{t("preview.none")}</p>
      ) : runs === undefined || zone === undefined ? (
        <p className="dim">{t("states.loading")}</p>
      ) : runs.length === 0 ? (
        <p className="dim">{t("preview.never")}</p>
      ) : (
        <Times runs={runs} zone={zone} stale={clock && preview.isPlaceholderData} />
      )}
    </div>
  );
}

function Times({ runs, zone, stale }: { runs: string[]; zone: string; stale: boolean }) {
  const { t } = useTranslation("automation");
  const here = localZone();
  const both = zone !== here;
  return (
    <table style={stale ? { opacity: 0.5 } : undefined}>
      <thead>
        <tr>
          <th scope="col">{t("preview.here", { zone: here })}</th>
          {both && <th scope="col">{t("preview.there", { zone })}</th>}
        </tr>
      </thead>
      <tbody>
        {runs.map((at, i) => (
          <tr key={at}>
            <td>
              <time dateTime={at}>{formatMoment(at)}</time>{" "}
              {i === 0 && isNear(at) && <span className="dim">{formatRelative(at)}</span>}
            </td>
            {both && <td>{formatMoment(at, zone)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
