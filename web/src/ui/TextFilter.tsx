import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

/** A text that filters a list; what is typed counts as soon as the typing pauses. */
export function TextFilter({
  label,
  value,
  className,
  onChange,
}: {
  label: string;
  value: string;
  className?: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    // Cleared from outside; while typing, the address only follows the text.
    if (value === "") setText("");
  }
  const remember = useDebouncedCallback(onChange, 250);
  const change = (next: string) => {
    setText(next);
    remember(next);
  };
  return (
    <TextInput
      data-filter
      className={className}
      value={text}
      aria-label={label}
      placeholder={label}
      leftSection={<IconFilter size={16} aria-hidden />}
      rightSection={text !== "" && <CloseButton size="sm" aria-label={t("table.clearFilter")} onClick={() => change("")} />}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && change("")}
    />
  );
}
