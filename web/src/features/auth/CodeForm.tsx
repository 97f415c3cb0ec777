import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { AuthForm, useFailure } from "./AuthForm";
import { ResendButton } from "./ResendButton";

/** Where a code comes from: an authenticator, with recovery codes or without, a letter, or an authenticator that is being set up. */
export type CodeKind = "totp" | "recovery" | "mail" | "enrol";

/** A code that completes a sign-in. */
export function CodeForm({
  kind,
  onDone,
  onBack,
}: {
  kind: CodeKind;
  onDone: () => void | Promise<void>;
  onBack: () => void;
}) {
  const { t } = useTranslation(["auth", "signin"]);
  const form = useForm({
    initialValues: { passcode: "" },
    validate: { passcode: (v) => (v.trim() ? null : t("errors.required", { ns: "common" })) },
  });
  const verify = useMutation({
    mutationFn: (body: { passcode: string }) => done(api.POST("/api/auth/verify", { body })),
    onSuccess: () => onDone(),
    onError: () => {
      form.setFieldValue("passcode", "");
      form.getInputNode("passcode")?.focus();
    },
  });
  const failure = useFailure(verify.error);
  const message = () => {
    if (!isApiError(verify.error, 401)) return failure.message;
    // Half a session does not wait for ever.
    if (verify.error.message !== "INVALID_PASSCODE") return t("code.late");
    return kind === "mail" ? t("signin:mail.wrong") : t("code.wrong");
  };
  const help = {
    totp: t("code.help"),
    enrol: t("code.help"),
    recovery: t("code.helpRecovery"),
    mail: t("signin:mail.help"),
  };
  return (
    <AuthForm
      message={message()}
      onSubmit={form.onSubmit((values) => verify.mutate({ passcode: values.passcode.trim() }))}
    >
      <TextInput
        label={t("code.label")}
        description={help[kind]}
        autoComplete="one-time-code"
        inputMode={kind === "recovery" ? "text" : "numeric"}
        spellCheck={false}
        autoFocus
        {...form.getInputProps("passcode")}
      />
      <Button type="submit" loading={verify.isPending} disabled={failure.wait > 0}>
        {t("code.submit")}
      </Button>
      {kind === "mail" && <ResendButton />}
      <Button variant="subtle" onClick={onBack}>
        {t("code.back")}
      </Button>
    </AuthForm>
  );
}
