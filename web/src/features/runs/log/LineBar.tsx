import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "@/lib/format";
import { toastDone, toastError } from "@/ui/toast";
import { copyText } from "@/lib/clipboard";
import { plainText } from "./ansi";
import type { LineRange } from "./lines";
import type { LogStore } from "./store";
import classes from "./toolbar.module.css";

interface Props {
  readonly store: LogStore;
  readonly range: LineRange;
  readonly onCopyLink: () => Promise<void>;
  readonly onClear: () => void;
}

/** What can be done with the chosen lines; text that is not here is fetched for copying. */
export function LineBar({ store, range, onCopyLink, onClear }: Props) {
  const { t } = useTranslation("runs");
  const [busy, setBusy] = useState(false);
  const count = range.to - range.from + 1;
  const copyLines = async () => {
    setBusy(true);
    try {
      const lines = await store.read(range.from, range.to);
      const text = lines.map((line) => plainText(line)).join("\n");
      if (await copyText(text)) toastDone(t("lines.copied", { count: lines.length, number: formatNumber(lines.length) }));
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  const values = { count, from: formatNumber(range.from), to: formatNumber(range.to) };
  return (
    <div className={classes.bar} role="group" aria-label={t("lines.label")}>
      <span className={classes.findCount}>{t(count === 1 ? "lines.one" : "lines.range", values)}</span>
      <Button size="compact-sm" variant="default" loading={busy} onClick={() => void copyLines()}>
        {t("lines.copy", { count })}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => void onCopyLink()}>
        {t("actions.copyLink")}
      </Button>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("lines.clear")} onClick={onClear}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  );
}
