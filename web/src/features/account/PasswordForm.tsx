import { Button, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import type { User } from "@/api/types";
import { shortestPassword } from "@/lib/password";
import { errorText } from "@/ui/errorText";
import { toastDone } from "@/ui/toast";

export function PasswordForm({ user }: { user: User }) {
  const { t } = useTranslation("auth");
  const form = useForm({
    initialValues: { current: "", password: "", repeat: "" },
    validate: {
      current: (v) => (v ? null : t("errors.required")),
      password: (v) =>
        v.length >= shortestPassword
          ? null
          : t("setup.passwordShort", { count: shortestPassword }),
      repeat: (v, all) => (v === all.password ? null : t("setup.repeatWrong")),
    },
  });
  const change = useMutation({
    mutationFn: ({ current, password }: { current: string; password: string }) =>
      done(
        api.POST("/api/users/{user_id}/password", {
          params: { path: { user_id: user.id } },
          body: { password, current_password: current },
        }),
      ),
    onSuccess: () => {
      form.reset();
      toastDone(t("password.done"));
    },
    onError: (error) =>
      form.setFieldError(
        isApiError(error) && error.field === "current_password" ? "current" : "password",
        errorText(error, t),
      ),
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit((values) => change.mutate(values))}
      style={{ display: "grid", gap: 14, maxWidth: 360 }}
    >
      <input type="text" autoComplete="username" value={user.username} readOnly hidden />
      <PasswordInput
        label={t("password.current")}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        {...form.getInputProps("current")}
      />
      <PasswordInput
        label={t("password.new")}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        {...form.getInputProps("password")}
      />
      <PasswordInput
        label={t("setup.repeat")}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        {...form.getInputProps("repeat")}
      />
      <div>
        <Button type="submit" loading={change.isPending}>
          {t("password.submit")}
        </Button>
      </div>
    </form>
  );
}
