import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { errorText } from "./errorText";
import classes from "./States.module.css";

/** A view without content: what it is for and what to do first. */
export function Empty({
  icon,
  title,
  text,
  action,
}: {
  icon?: ReactNode;
  title: string;
  text?: string;
  action?: ReactNode;
}) {
  return (
    <div className={classes.state}>
      {icon && (
        <div className={classes.icon} aria-hidden>
          {icon}
        </div>
      )}
      <p className={classes.title}>{title}</p>
      {text && <p className={classes.text}>{text}</p>}
      {action}
    </div>
  );
}

/** A view that could not be loaded: what happened, the request's id, and a way to try again. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const id = isApiError(error) ? error.requestId : undefined;
  return (
    <div className={classes.state} role="alert">
      <IconAlertTriangle className={classes.error} size={28} aria-hidden />
      <p className={classes.title}>{t("states.failed")}</p>
      <p className={classes.text}>{errorText(error, t)}</p>
      {id && <p className={`${classes.text} mono`}>{t("states.requestId", { id })}</p>}
      {onRetry && (
        <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={onRetry}>
          {t("actions.retry")}
        </Button>
      )}
    </div>
  );
}

/** The height of a list that is on its way. */
export function RowsSkeleton({ rows = 5, height = 36 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("states.loading")} className={classes.rows}>
      {Array.from({ length: rows }, (_, i) => (
        <Skeleton key={i} height={height} radius={4} />
      ))}
    </div>
  );
}
