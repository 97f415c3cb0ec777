import { Button } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import classes from "./More.module.css";

interface Props {
  readonly label: string;
  readonly more: boolean;
  readonly busy: boolean;
  readonly failed: boolean;
  readonly onMore: () => void;
}

/** Loads older rows when the end of the list comes near; a button for those who do not scroll. */
export function More({ label, more, busy, failed, onMore }: Props) {
  const { t } = useTranslation();
  const { ref, entry } = useIntersection({ rootMargin: "400px" });
  const near = entry?.isIntersecting === true;
  useEffect(() => {
    if (near && more && !busy && !failed) onMore();
  }, [near, more, busy, failed, onMore]);
  if (!more) return null;
  return (
    <div ref={ref} className={classes.more}>
      <Button variant="default" size="compact-sm" loading={busy} onClick={onMore}>
        {failed ? t("actions.retry") : label}
      </Button>
    </div>
  );
}
