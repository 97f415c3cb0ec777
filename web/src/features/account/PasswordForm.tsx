import { Button, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import type { User } from "@/api/types";
import { errorText } from "@/ui/errorText";
import { toastDone } from "@/ui/toast";

const shortestPassword = 8;

export function PasswordForm({ user }: { user: User }) {
  const { t } = useTranslation("auth");
  const form = useForm({
    initialValues: { password: "", repeat: "" },
    validate: {
      password: (v) =>
        v.length >= shortestPassword
          ? null
          : t("setup.passwordShort", { count: shortestPassword }),
      repeat: (v, all) => (v === all.password ? null : t("setup.repeatWrong")),
    },
  });
  const change = useMutation({
    mutationFn: ({ password }: { password: string }) =>
      done(
        api.POST("/api/users/{user_id}/password", {
          params: { path: { user_id: user.id } },
          body: { password },
        }),
      ),
    onSuccess: () => {
      form.reset();
      toastDone(t("password.done"));
    },
    onError: (error) => form.setFieldError("password", errorText(error, t)),
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit((values) => change.mutate(values))}
      style={{ display: "grid", gap: 14, maxWidth: 360 }}
    >
      <input type="text" autoComplete="username" value={user.username} readOnly hidden />
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
