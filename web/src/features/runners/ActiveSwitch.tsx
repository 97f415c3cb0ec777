import { Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Runner } from "@/api/types";
import { toastError } from "@/ui/toast";
import { runnersKey, runnersQuery, setActive } from "./api";

/** Switches a runner on or off; shows it at once, and takes it back when the server refuses. */
export function ActiveSwitch({ project, runner, name, disabled }: { project?: number; runner: Runner; name: string; disabled: boolean }) {
  const { t } = useTranslation("runners");
  const client = useQueryClient();
  const { queryKey } = runnersQuery(project);
  const show = (active: boolean) =>
    client.setQueryData<Runner[]>(queryKey, (rows) => rows?.map((r) => (r.id === runner.id ? { ...r, active } : r)));
  const set = useMutation({
    mutationFn: (active: boolean) => setActive(project, runner.id, active),
    onMutate: async (active) => {
      await client.cancelQueries({ queryKey });
      show(active);
    },
    onError: (error, active) => {
      show(!active);
      toastError(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: runnersKey(project) }),
  });
  return (
    <Switch
      aria-label={`${t("active")}: ${name}`}
      checked={runner.active}
      disabled={disabled}
      onChange={(event) => set.mutate(event.currentTarget.checked)}
      style={{ position: "relative", zIndex: 1, width: "fit-content" }}
    />
  );
}
