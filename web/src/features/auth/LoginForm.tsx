import { Alert, Anchor, Button, PasswordInput, Skeleton, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { loginOptionsQuery } from "@/api/queries";
import { AuthForm, useFailure } from "./AuthForm";
import { MailLoginForm } from "./MailLoginForm";
import { SignInStep } from "./SignInStep";
import { nextStep, type Step } from "./steps";

/** A sign-in with all its steps; used by the sign-in page and by the overlay over a page. */
export function LoginForm({ onDone }: { onDone: () => void | Promise<void> }) {
  const { t } = useTranslation(["auth", "signin"]);
  const options = useQuery(loginOptionsQuery());
  // A page that was loaded again goes on where it was.
  const begun = useQuery({ queryKey: ["auth", "step"], queryFn: nextStep, retry: false, gcTime: 0, refetchOnWindowFocus: false });
  const [step, setStep] = useState<Step | "start">();
  const [byMail, setByMail] = useState(false);
  const go = async () => {
    const next = await nextStep();
    if (next) setStep(next);
    else await onDone();
  };
  const current = step ?? begun.data ?? "start";
  if (current !== "start") {
    return <SignInStep key={current} step={current} onDone={go} onBack={() => setStep("start")} />;
  }
  const mail = options.data?.auth_methods.email?.login ?? false;
  const passwords = options.data?.login_with_password ?? true;
  if (!options.data && options.isPending) return <Skeleton height={190} mt="md" />;
  if (mail && (byMail || !passwords)) {
    return <MailLoginForm onSent={() => setStep("mail")} onBack={passwords ? () => setByMail(false) : undefined} />;
  }
  if (!passwords) return <Alert mt="md">{t("login.noPassword")}</Alert>;
  return (
    <>
      <PasswordStep onDone={go} forgot={options.data?.password_reset ?? false} />
      {mail && (
        <Button variant="default" fullWidth mt="sm" onClick={() => setByMail(true)}>
          {t("signin:mail.instead")}
        </Button>
      )}
    </>
  );
}

function PasswordStep({ onDone, forgot }: { onDone: () => Promise<void>; forgot: boolean }) {
  const { t } = useTranslation(["auth", "signin"]);
  const required = (v: string) => (v.trim() ? null : t("errors.required", { ns: "common" }));
  const form = useForm({
    initialValues: { auth: "", password: "" },
    validate: { auth: required, password: required },
  });
  const login = useMutation({
    mutationFn: async (body: { auth: string; password: string }) => {
      await done(api.POST("/api/auth/login", { body }));
      await onDone();
    },
    onSettled: () => form.setFieldValue("password", ""),
    onError: () => form.getInputNode("password")?.focus(),
  });
  const failure = useFailure(login.error);
  return (
    <AuthForm
      message={isApiError(login.error, 401) ? t("login.wrong") : failure.message}
      onSubmit={form.onSubmit((values) => login.mutate({ ...values, auth: values.auth.trim() }))}
    >
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
      <Button type="submit" loading={login.isPending} disabled={failure.wait > 0}>
        {t("login.submit")}
      </Button>
      {forgot && (
        <Anchor component={Link} to="/auth/forgot" size="sm" ta="center">
          {t("signin:forgot.link")}
        </Anchor>
      )}
    </AuthForm>
  );
}
