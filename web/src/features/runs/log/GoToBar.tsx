import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { formatNumber } from "@/lib/format";
import classes from "./toolbar.module.css";

interface Props {
  readonly total: number;
  readonly start: string;
  readonly onGo: (seq: number) => void;
  readonly onClose: () => void;
}

/** Jump to a line by its number. */
export function GoToBar({ total, start, onGo, onClose }: Props) {
  const { t } = useTranslation("runs");
  const [text, setText] = useState(start);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const seq = Number(text);
    if (seq >= 1) onGo(Math.min(seq, total));
    onClose();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onClose();
  };
  return (
    <form className={classes.bar} onSubmit={submit}>
      <TextInput
        className={classes.findInput}
        size="xs"
        autoFocus
        inputMode="numeric"
        value={text}
        aria-label={t("goTo.label")}
        placeholder={t("goTo.placeholder", { total: formatNumber(total) })}
        onChange={(event) => setText(event.currentTarget.value.replace(/\D/g, ""))}
        onKeyDown={onKeyDown}
      />
      <Button type="submit" size="compact-sm" variant="default">
        {t("goTo.go")}
      </Button>
    </form>
  );
}
