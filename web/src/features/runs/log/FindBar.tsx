import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconLetterCase, IconRegex, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "@/lib/format";
import classes from "./toolbar.module.css";
import type { Find } from "./useFind";

/** Find in the log: Enter and Shift+Enter walk the matching lines. */
export function FindBar({ find, onClose }: { find: Find; onClose: () => void }) {
  const { t } = useTranslation("runs");
  const { query, state, step, setQuery } = find;
  const toggle = (label: string, on: boolean, flip: () => void, icon: React.ReactNode) => (
    <Tooltip label={label}>
      <ActionIcon variant={on ? "light" : "subtle"} color={on ? "brand" : "gray"} size={28} aria-label={label} aria-pressed={on} onClick={flip}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  };
  return (
    <div className={classes.bar} role="search" aria-label={t("find.label")}>
      <TextInput
        className={classes.findInput}
        size="xs"
        autoFocus
        value={query.text}
        aria-label={t("find.label")}
        placeholder={t("find.label")}
        error={state.error !== null}
        onChange={(event) => setQuery({ ...query, text: event.currentTarget.value })}
        onKeyDown={onKeyDown}
      />
      {toggle(t("find.case"), query.matchCase, () => setQuery({ ...query, matchCase: !query.matchCase }), <IconLetterCase size={16} />)}
      {toggle(t("find.regex"), query.regex, () => setQuery({ ...query, regex: !query.regex }), <IconRegex size={16} />)}
      <span className={classes.findCount} role="status" data-error={state.error !== null || undefined}>
        <FindCount find={find} />
      </span>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("find.previous")} disabled={state.matches.length === 0} onClick={() => step(-1)}>
        <IconChevronUp size={16} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("find.next")} disabled={state.matches.length === 0} onClick={() => step(1)}>
        <IconChevronDown size={16} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("find.close")} onClick={onClose}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  );
}

function FindCount({ find }: { find: Find }) {
  const { t } = useTranslation("runs");
  const { state, at, query } = find;
  if (query.text === "") return null;
  if (state.error !== null) return <>{state.error === "" ? t("find.failed") : state.error}</>;
  if (state.matches.length === 0) return <>{t(state.busy ? "find.busy" : "find.none")}</>;
  const total = formatNumber(state.matches.length);
  const values = { at: formatNumber(at + 1), total: state.capped ? t("find.atLeast", { total }) : total };
  return <>{t("find.position", values)}</>;
}
