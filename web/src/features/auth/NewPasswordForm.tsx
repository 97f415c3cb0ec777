import { Button, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { isApiError } from "@/api/errors";
import { errorText } from "@/ui/errorText";
import { AuthForm, useFailure } from "./AuthForm";

/** A new password, twice. Which rules it breaks, the server says. */
export function NewPasswordForm({
  submitLabel,
  save,
  onDone,
  failed,
}: {
  submitLabel: string;
  save: (password: string) => Promise<void>;
  onDone: () => void | Promise<void>;
  /** Words for failures that are not about the password. */
  failed?: (error: unknown) => string | undefined;
}) {
  const { t } = useTranslation(["signin", "auth"]);
  const form = useForm({
    initialValues: { password: "", repeat: "" },
    validate: {
      password: (v) => (v ? null : t("errors.required", { ns: "common" })),
      repeat: (v, all) => (v === all.password ? null : t("setup.repeatWrong", { ns: "auth" })),
    },
  });
  const ofField = (error: unknown) => isApiError(error) && error.field === "password";
  const change = useMutation({
    mutationFn: ({ password }: { password: string }) => save(password),
    onSuccess: () => onDone(),
    onError: (error) => {
      if (!ofField(error)) return;
      form.setFieldError("password", errorText(error, t));
      form.getInputNode("password")?.focus();
    },
  });
  const failure = useFailure(ofField(change.error) ? undefined : change.error);
  const show = { "aria-label": t("login.show", { ns: "auth" }) };
  return (
    <AuthForm
      message={failed?.(change.error) ?? failure.message}
      onSubmit={form.onSubmit((values) => change.mutate(values))}
    >
      <PasswordInput
        label={t("password.new", { ns: "auth" })}
        autoComplete="new-password"
        autoFocus
        visibilityToggleButtonProps={show}
        {...form.getInputProps("password")}
      />
      <PasswordInput
        label={t("setup.repeat", { ns: "auth" })}
        autoComplete="new-password"
        visibilityToggleButtonProps={show}
        {...form.getInputProps("repeat")}
      />
      <Button type="submit" loading={change.isPending} disabled={failure.wait > 0}>
        {submitLabel}
      </Button>
    </AuthForm>
  );
}
