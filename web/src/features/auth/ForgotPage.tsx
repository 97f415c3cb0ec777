import { Alert, Anchor, Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { loginOptionsQuery } from "@/api/queries";
import { AuthForm, useFailure } from "./AuthForm";
import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

/** Asks for a link to a new password. What it says afterwards does not tell whether there is such a user. */
export default function ForgotPage() {
  const { t } = useTranslation(["signin", "auth"]);
  const options = useQuery(loginOptionsQuery());
  const form = useForm({
    initialValues: { auth: "" },
    validate: { auth: (v) => (v.trim() ? null : t("errors.required", { ns: "common" })) },
  });
  const ask = useMutation({
    mutationFn: (body: { auth: string }) => done(api.POST("/api/auth/reset", { body })),
  });
  const failure = useFailure(ask.error);
  const body = () => {
    if (options.data?.password_reset === false) return <Alert mt="md">{t("forgot.off")}</Alert>;
    if (ask.isSuccess) {
      return (
        <p className={classes.text} role="status">
          {t("forgot.sent")}
        </p>
      );
    }
    return (
      <>
        <p className={classes.text}>{t("forgot.text")}</p>
        <AuthForm
          message={failure.message}
          onSubmit={form.onSubmit((values) => ask.mutate({ auth: values.auth.trim() }))}
        >
          <TextInput
            label={t("login.name", { ns: "auth" })}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            {...form.getInputProps("auth")}
          />
          <Button type="submit" loading={ask.isPending} disabled={failure.wait > 0}>
            {t("forgot.submit")}
          </Button>
        </AuthForm>
      </>
    );
  };
  return (
    <AuthFrame title={t("forgot.title")}>
      {body()}
      <Anchor component={Link} to="/auth/login" size="sm" mt="md" display="block" ta="center">
        {t("forgot.back")}
      </Anchor>
    </AuthFrame>
  );
}
