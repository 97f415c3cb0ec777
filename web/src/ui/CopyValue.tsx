import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Items.module.css";

/** A text to be copied, with the button that does it. */
export function CopyValue({ value, label }: { value: string; label?: string }) {
  return (
    <div className={classes.value}>
      <code className="mono">{value}</code>
      <CopyTextButton value={value} label={label} />
    </div>
  );
}

/** Puts a text on the clipboard; `label` says which, where a page has several. */
export function CopyTextButton({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          onClick={copy}
          aria-label={label && !copied ? `${t("actions.copy")}: ${label}` : undefined}
          leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
        >
          {copied ? t("actions.copied") : t("actions.copy")}
        </Button>
      )}
    </CopyButton>
  );
}

/** What is shown this one time. */
export function Once({ children }: { children: ReactNode }) {
  return (
    <div className={classes.once} role="status">
      {children}
    </div>
  );
}

/** A secret that is shown this one time. */
export function ShownOnce({ text, value }: { text: string; value: string }) {
  return (
    <Once>
      <p>{text}</p>
      <CopyValue value={value} />
    </Once>
  );
}
