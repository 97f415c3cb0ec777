import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { isApiError } from "@/api/errors";
import { errorText } from "@/ui/errorText";
import { AuthForm, useFailure } from "./AuthForm";

const fieldNames = ["username", "name", "password"] as const;

/** A new account for the address of an invitation. Which rules it breaks, the server says. */
export function RegisterForm({
  token,
  email,
  onDone,
}: {
  token: string;
  email: string;
  /** Gets the project that was joined. */
  onDone: (project: number) => Promise<void>;
}) {
  const { t } = useTranslation(["signin", "auth"]);
  const required = (v: string) => (v.trim() ? null : t("errors.required", { ns: "common" }));
  const form = useForm({
    initialValues: { username: "", name: "", password: "", repeat: "" },
    validate: {
      username: required,
      password: (v) => (v ? null : t("errors.required", { ns: "common" })),
      repeat: (v, all) => (v === all.password ? null : t("setup.repeatWrong", { ns: "auth" })),
    },
  });
  const fieldOf = (error: unknown) => (isApiError(error) ? fieldNames.find((name) => name === error.field) : undefined);
  const register = useMutation({
    mutationFn: async ({ username, name, password }: typeof form.values) => {
      const body = { token, username: username.trim(), name: name.trim() || username.trim(), password };
      const { project_id } = await data(api.POST("/api/invites/register", { body }));
      await onDone(project_id);
    },
    onError: (error) => {
      const field = fieldOf(error);
      if (!field) return;
      form.setFieldError(field, errorText(error, t));
      form.getInputNode(field)?.focus();
    },
  });
  const failure = useFailure(fieldOf(register.error) ? undefined : register.error);
  const show = { "aria-label": t("login.show", { ns: "auth" }) };
  return (
    <AuthForm message={failure.message} onSubmit={form.onSubmit((values) => register.mutate(values))}>
      <TextInput label={t("setup.email", { ns: "auth" })} type="email" value={email} readOnly />
      <TextInput
        label={t("setup.username", { ns: "auth" })}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        {...form.getInputProps("username")}
      />
      <TextInput label={t("setup.name", { ns: "auth" })} autoComplete="name" {...form.getInputProps("name")} />
      <PasswordInput
        label={t("setup.password", { ns: "auth" })}
        autoComplete="new-password"
        visibilityToggleButtonProps={show}
        {...form.getInputProps("password")}
      />
      <PasswordInput
        label={t("setup.repeat", { ns: "auth" })}
        autoComplete="new-password"
        visibilityToggleButtonProps={show}
        {...form.getInputProps("repeat")}
      />
      <Button type="submit" loading={register.isPending} disabled={failure.wait > 0}>
        {t("invited.submit")}
      </Button>
    </AuthForm>
  );
}
