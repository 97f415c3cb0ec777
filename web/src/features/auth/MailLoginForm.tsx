import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { AuthForm, useFailure } from "./AuthForm";

/** Asks for a code by mail; the answer is the same for every address. */
export function MailLoginForm({ onSent, onBack }: { onSent: () => void; onBack?: () => void }) {
  const { t } = useTranslation("signin");
  const form = useForm({
    initialValues: { email: "" },
    validate: { email: (v) => (/^\S+@\S+$/.test(v.trim()) ? null : t("mail.address")) },
  });
  const ask = useMutation({
    mutationFn: (body: { email: string }) => done(api.POST("/api/auth/login/email", { body })),
    onSuccess: onSent,
  });
  const failure = useFailure(ask.error);
  return (
    <AuthForm
      message={failure.message}
      onSubmit={form.onSubmit((values) => ask.mutate({ email: values.email.trim() }))}
    >
      <TextInput
        label={t("mail.label")}
        description={t("mail.labelHelp")}
        type="email"
        autoComplete="email"
        autoFocus
        {...form.getInputProps("email")}
      />
      <Button type="submit" loading={ask.isPending} disabled={failure.wait > 0}>
        {t("mail.continue")}
      </Button>
      {onBack && (
        <Button variant="subtle" onClick={onBack}>
          {t("mail.withPassword")}
        </Button>
      )}
    </AuthForm>
  );
}
