import { Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { userKeys } from "@/api/queries";
import type { User } from "@/api/types";
import { toastDone, toastError } from "@/ui/toast";

/** Whether one gets mail about runs that have failed. */
export function AlertSwitch({ user }: { user: User }) {
  const { t } = useTranslation("alerts");
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (alert: boolean) =>
      done(
        api.PUT("/api/users/{user_id}", {
          params: { path: { user_id: user.id } },
          body: { username: user.username, name: user.name, email: user.email, admin: user.admin, pro: user.pro, alert },
        }),
      ),
    onSuccess: async (_, alert) => {
      await client.invalidateQueries({ queryKey: userKeys.me });
      toastDone(alert ? t("own.on") : t("own.off"));
    },
    onError: toastError,
  });
  return (
    <Switch
      label={t("own.label")}
      description={t("own.help", { email: user.email })}
      checked={save.isPending ? save.variables : user.alert}
      disabled={save.isPending}
      onChange={(event) => save.mutate(event.currentTarget.checked)}
    />
  );
}
