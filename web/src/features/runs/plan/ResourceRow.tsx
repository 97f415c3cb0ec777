import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionMark, actionWord } from "./ActionMark";
import { diffLines } from "@/ui/diff";
import { DiffView } from "@/ui/DiffView";
import classes from "./plan.module.css";
import { type Attribute, type Resource, show } from "./summary";

/** A resource or an output; opened it shows what changes in it. */
export function ResourceRow({ resource, open }: { resource: Resource; open: boolean }) {
  const { t } = useTranslation("engine");
  const [opened, setOpened] = useState(open);
  const { address, action, changes, previous, reason, unchanged } = resource;
  const notes = [
    previous !== "" && previous !== address ? t("plan.from", { address: previous }) : "",
    resource.import && action !== "import" ? t("plan.imported") : "",
    reason.replaceAll("_", " "),
  ].filter((note) => note !== "");
  const label = (
    <>
      <ActionMark action={action} />
      <span className={classes.address}>
        <span className="mono">{address}</span>
        <span className="visually-hidden"> {actionWord(t, action)}</span>
        {notes.length > 0 && <span className={classes.note}>{notes.join(" · ")}</span>}
      </span>
    </>
  );
  if (changes.length === 0) return <li className={`${classes.resource} ${classes.flat}`}>{label}</li>;
  return (
    <li>
      <button type="button" className={classes.resource} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <IconChevronRight className={classes.chevron} size={16} aria-hidden />
        {label}
      </button>
      {opened && (
        <div className={classes.attributes}>
          {changes.map((change) => (
            <AttributeRow key={change.name} change={change} />
          ))}
          {unchanged > 0 && <p className={classes.note}>{t("plan.unchanged", { count: unchanged })}</p>}
        </div>
      )}
    </li>
  );
}

function AttributeRow({ change }: { change: Attribute }) {
  const { t } = useTranslation("engine");
  const before = show(change.before);
  const after = show(change.after);
  const long = before.includes("\n") || after.includes("\n");
  return (
    <div className={classes.attribute}>
      {change.name !== "" && (
        <div className={`${classes.name} mono`}>
          {change.name}
          {change.replaces && <span className={classes.replaces}>{t("plan.replaces")}</span>}
        </div>
      )}
      {long ? <DiffView lines={diffLines(before, after)} /> : <Short before={before} after={after} change={change} />}
    </div>
  );
}

function Short({ before, after, change }: { before: string; after: string; change: Attribute }) {
  const { t } = useTranslation("engine");
  const one = (value: string, missing: boolean, kind: "before" | "after") => (
    <span className={classes.side} data-kind={kind} data-missing={missing || undefined}>
      <span className="visually-hidden">{t(kind === "before" ? "plan.before" : "plan.after")} </span>
      {missing ? t("plan.nothing") : value === "" ? '""' : value}
    </span>
  );
  return (
    <div className={`${classes.sides} mono`}>
      {one(before, change.before === null, "before")}
      <span className={classes.arrow} aria-hidden>
        →
      </span>
      {one(after, change.after === null, "after")}
    </div>
  );
}
