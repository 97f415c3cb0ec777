import { useTranslation } from "react-i18next";
import type { DiffLine } from "./diff";
import classes from "./diff.module.css";

const signs = { same: " ", removed: "−", added: "+" } as const;

/** Lines that went and came, told by sign and colour. */
export function DiffView({ lines }: { lines: readonly DiffLine[] }) {
  const { t } = useTranslation();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className={`${classes.diff} mono`} tabIndex={0} role="region" aria-label={t("diff.label")}>
      {lines.map((line, i) => (
        <div key={i} className={classes.line} data-kind={line.kind}>
          <span className={classes.sign} aria-hidden={line.kind === "same"}>
            {signs[line.kind]}
          </span>
          <span className={classes.text}>{line.text}</span>
        </div>
      ))}
    </div>
  );
}
