import { Alert, Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { errorText } from "@/ui/errorText";
import { useCountdown } from "@/ui/useCountdown";
import classes from "./AuthFrame.module.css";

/** The second step of a sign-in: a code of the authenticator, or a recovery code. */
export function CodeForm({
  recovery,
  onDone,
  onBack,
}: {
  recovery: boolean;
  onDone: () => void | Promise<void>;
  onBack: () => void;
}) {
  const { t } = useTranslation("auth");
  const form = useForm({
    initialValues: { passcode: "" },
    validate: { passcode: (v) => (v.trim() ? null : t("errors.required")) },
  });
  const verify = useMutation({
    mutationFn: (body: { passcode: string }) => done(api.POST("/api/auth/verify", { body })),
    onSuccess: () => onDone(),
    onError: () => {
      form.setFieldValue("passcode", "");
      form.getInputNode("passcode")?.focus();
    },
  });
  const limited = isApiError(verify.error, 429) ? (verify.error.retryAfter ?? 30) : undefined;
  const wait = useCountdown(limited);
  const failure = () => {
    if (!verify.error) return undefined;
    if (isApiError(verify.error, 401)) {
      // Half a session does not wait for ever.
      return verify.error.message === "INVALID_PASSCODE" ? t("code.wrong") : t("code.late");
    }
    if (limited) return wait > 0 ? t("login.limited", { count: wait }) : undefined;
    return errorText(verify.error, t);
  };
  const message = failure();
  return (
    <form
      noValidate
      className={classes.fields}
      onSubmit={form.onSubmit((values) => verify.mutate({ passcode: values.passcode.trim() }))}
    >
      {message && (
        <Alert color="red" role="alert" icon={<IconAlertTriangle size={18} />}>
          {message}
        </Alert>
      )}
      <TextInput
        label={t("code.label")}
        description={recovery ? t("code.helpRecovery") : t("code.help")}
        autoComplete="one-time-code"
        inputMode={recovery ? "text" : "numeric"}
        spellCheck={false}
        autoFocus
        {...form.getInputProps("passcode")}
      />
      <Button type="submit" loading={verify.isPending} disabled={wait > 0}>
        {t("code.submit")}
      </Button>
      <Button variant="subtle" onClick={onBack}>
        {t("code.back")}
      </Button>
    </form>
  );
}
