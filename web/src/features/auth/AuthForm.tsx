import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { FormEventHandler, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { errorText } from "@/ui/errorText";
import { useCountdown } from "@/ui/useCountdown";
import classes from "./AuthFrame.module.css";

/** What is said about a failed attempt; a limit counts down, and nothing may be tried meanwhile. */
export function useFailure(error: unknown): { message?: string; wait: number } {
  const { t } = useTranslation("auth");
  const limited = isApiError(error, 429) ? (error.retryAfter ?? 30) : undefined;
  const wait = useCountdown(limited);
  if (!error) return { wait };
  if (limited) return { wait, message: wait > 0 ? t("login.limited", { count: wait }) : undefined };
  return { wait, message: errorText(error, t) };
}

/** The fields of one step, below what went wrong with it. */
export function AuthForm({
  message,
  onSubmit,
  children,
}: {
  message?: string;
  onSubmit: FormEventHandler<HTMLFormElement>;
  children: ReactNode;
}) {
  return (
    <form noValidate className={classes.fields} onSubmit={onSubmit}>
      {message && (
        <Alert color="red" role="alert" icon={<IconAlertTriangle size={18} />}>
          {message}
        </Alert>
      )}
      {children}
    </form>
  );
}
