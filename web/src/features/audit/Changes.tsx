import { useTranslation } from "react-i18next";
import { diffLines } from "@/ui/diff";
import { DiffView } from "@/ui/DiffView";
import classes from "./audit.module.css";
import { type Change, isLong } from "./events";

/** The fields that changed: before beside after, long texts line by line. */
export function Changes({ changes }: { changes: readonly Change[] }) {
  const { t } = useTranslation("audit");
  if (changes.length === 0) return null;
  return (
    <table className={classes.changes} aria-label={t("changes.title")}>
      <thead>
        <tr>
          <th scope="col">{t("changes.field")}</th>
          <th scope="col">{t("changes.before")}</th>
          <th scope="col">{t("changes.after")}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <th scope="row">{change.field}</th>
            <Values change={change} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Values({ change }: { change: Change }) {
  const { t } = useTranslation("audit");
  if (change.secret) {
    return (
      <td colSpan={2} className="dim">
        {t("changes.secret")}
      </td>
    );
  }
  if (isLong(change)) {
    return (
      <td colSpan={2}>
        <DiffView lines={diffLines(change.before, change.after)} />
      </td>
    );
  }
  return (
    <>
      <td>
        <Value text={change.before} />
      </td>
      <td>
        <Value text={change.after} />
      </td>
    </>
  );
}

function Value({ text }: { text: string }) {
  return text === "" ? <span className="dim">–</span> : <span className={`${classes.value} mono`}>{text}</span>;
}
