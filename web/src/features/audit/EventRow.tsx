import { Badge } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatTime } from "@/lib/format";
import { Facts } from "@/ui/Facts";
import { ObjectLink } from "@/ui/ObjectLink";
import { RelativeTime } from "@/ui/Time";
import classes from "./audit.module.css";
import { Changes } from "./Changes";
import type { Activity } from "./events";

/** A line of the activity, which opens to all that is known about it. */
export function EventRow({ event, everywhere }: { event: Activity; everywhere: boolean }) {
  const { t } = useTranslation("audit");
  const [open, setOpen] = useState(false);
  const details = useId();
  const raw = { value: event.action };
  return (
    <li className={classes.event} data-open={open || undefined}>
      <div className={classes.line}>
        <button
          type="button"
          className={classes.toggle}
          data-row-link
          aria-expanded={open}
          aria-controls={details}
          aria-label={t("details", { text: event.description })}
          onClick={() => setOpen(!open)}
        >
          <IconChevronRight size={16} aria-hidden className={classes.chevron} />
        </button>
        <time dateTime={event.created} className={`${classes.time} tnum`}>
          {formatTime(event.created)}
        </time>
        <span className={classes.who}>{<Who event={event} />}</span>
        <span className={`${classes.verb} dim`}>
          {event.outcome === "success" ? t([`actionNames.${event.action}`, "fact.raw"], raw) : <Outcome outcome={event.outcome} />}
        </span>
        <span className={classes.what}>
          {event.description}
          {everywhere && event.project && <span className="dim"> · {event.project.name}</span>}
        </span>
        <span className={`${classes.address} mono dim`}>{event.address}</span>
      </div>
      {open && (
        <div id={details} className={classes.details}>
          <Details event={event} />
          <Changes changes={event.changes} />
        </div>
      )}
    </li>
  );
}

function Who({ event }: { event: Activity }) {
  const { t } = useTranslation("audit");
  if (event.user) return event.user.name || t("userId", { id: event.user.id });
  return <span className="dim">{event.integration === null ? t("nobody") : t("integrationId", { id: event.integration })}</span>;
}

const colours: Record<string, string> = { denied: "red", failure: "orange" };

function Outcome({ outcome }: { outcome: string }) {
  const { t } = useTranslation("audit");
  return (
    <Badge variant="light" color={colours[outcome] ?? "gray"} size="sm" className={classes.outcome}>
      {t([`outcomes.${outcome}`, "fact.raw"], { value: outcome })}
    </Badge>
  );
}

function Details({ event }: { event: Activity }) {
  const { t } = useTranslation("audit");
  const type = event.type && t([`types.${event.type}`, "fact.raw"], { value: event.type });
  const about = event.name || (event.object === null ? "" : `#${String(event.object)}`);
  const only = (part: Record<string, string | number>, children: string) => (
    <Link to="." search={part} className={classes.only}>
      {children}
    </Link>
  );
  return (
    <Facts
      className={classes.facts}
      facts={[
        [t("fact.when"), <span key="when" className="tnum">{formatTime(event.created)} (<RelativeTime iso={event.created} />)</span>],
        [t("fact.outcome"), <Outcome key="outcome" outcome={event.outcome} />],
        [
          t("fact.who"),
          <span key="who">
            <Who event={event} /> {event.user?.id != null && only({ user: event.user.id }, t("onlyUser"))}
          </span>,
        ],
        [
          t("fact.object"),
          type && (
            <span key="object">
              {type}{" "}
              {event.exists && event.object !== null ? (
                <ObjectLink project={event.project?.id ?? 0} type={event.type} id={event.object}>
                  {about}
                </ObjectLink>
              ) : (
                about
              )}{" "}
              {event.object !== null && only({ type: event.type, object: event.object }, t("onlyObject"))}
            </span>
          ),
        ],
        [
          t("fact.project"),
          event.project && (
            <Link key="project" to="/project/$pid" params={{ pid: event.project.id }}>
              {event.project.name || `#${String(event.project.id)}`}
            </Link>
          ),
        ],
        [t("fact.address"), event.address && <span key="address" className="mono">{event.address}</span>],
        [t("fact.agent"), event.agent],
        [t("fact.token"), event.token && <span key="token" className="mono">{event.token}…</span>],
      ]}
    />
  );
}
