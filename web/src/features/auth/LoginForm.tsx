import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { errorText } from "@/ui/errorText";
import classes from "./AuthFrame.module.css";

/** Counts down to zero, once a second. */
function useCountdown(from: number | undefined): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (!from) return;
    const end = Date.now() + from * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [from]);
  return from ? left : 0;
}

/** Name and password; used by the sign-in page and by the overlay over a page. */
export function LoginForm({ onDone }: { onDone: () => void | Promise<void> }) {
  const { t } = useTranslation("auth");
  const form = useForm({
    initialValues: { auth: "", password: "" },
    validate: {
      auth: (v) => (v.trim() ? null : t("errors.required")),
      password: (v) => (v ? null : t("errors.required")),
    },
  });
  const login = useMutation({
    mutationFn: (body: { auth: string; password: string }) =>
      done(api.POST("/api/auth/login", { body })),
    onSuccess: () => onDone(),
    onError: () => {
      form.setFieldValue("password", "");
      form.getInputNode("password")?.focus();
    },
  });
  const limited = isApiError(login.error, 429) ? (login.error.retryAfter ?? 30) : undefined;
  const wait = useCountdown(limited);

  const failure = () => {
    if (!login.error) return undefined;
    if (isApiError(login.error, 401)) return t("login.wrong");
    if (isApiError(login.error, 429)) {
      return wait > 0 ? t("login.limited", { count: wait }) : undefined;
    }
    return errorText(login.error, t);
  };
  const message = failure();

  return (
    <form
      noValidate
      className={classes.fields}
      onSubmit={form.onSubmit((values) => login.mutate({ ...values, auth: values.auth.trim() }))}
    >
      {message && (
        <Alert color="red" role="alert" icon={<IconAlertTriangle size={18} />}>
          {message}
        </Alert>
      )}
      <TextInput
        label={t("login.name")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        {...form.getInputProps("auth")}
      />
      <PasswordInput
        label={t("login.password")}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        {...form.getInputProps("password")}
      />
      <Button type="submit" loading={login.isPending} disabled={wait > 0}>
        {t("login.submit")}
      </Button>
    </form>
  );
}
