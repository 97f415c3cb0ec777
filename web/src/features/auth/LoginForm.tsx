import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { loginOptionsQuery } from "@/api/queries";
import { errorText } from "@/ui/errorText";
import { useCountdown } from "@/ui/useCountdown";
import classes from "./AuthFrame.module.css";
import { CodeForm } from "./CodeForm";

/** Whether the session that was just opened waits for a code. */
async function codeMissing(): Promise<boolean> {
  try {
    await done(api.GET("/api/user"));
    return false;
  } catch (error) {
    if (isApiError(error, 401) && error.message === "TOTP_REQUIRED") return true;
    throw error;
  }
}

/** Name and password, and the code where one is due; used by the sign-in page and by the overlay over a page. */
export function LoginForm({ onDone }: { onDone: () => void | Promise<void> }) {
  const { t } = useTranslation("auth");
  const options = useQuery(loginOptionsQuery());
  const [needsCode, setNeedsCode] = useState(false);
  const form = useForm({
    initialValues: { auth: "", password: "" },
    validate: {
      auth: (v) => (v.trim() ? null : t("errors.required")),
      password: (v) => (v ? null : t("errors.required")),
    },
  });
  const login = useMutation({
    mutationFn: async (body: { auth: string; password: string }) => {
      await done(api.POST("/api/auth/login", { body }));
      return codeMissing();
    },
    onSuccess: (missing) => {
      form.setFieldValue("password", "");
      if (!missing) return onDone();
      setNeedsCode(true);
    },
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

  if (needsCode) {
    return (
      <CodeForm
        recovery={options.data?.auth_methods.totp?.allow_recovery ?? false}
        onDone={onDone}
        onBack={() => setNeedsCode(false)}
      />
    );
  }
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
