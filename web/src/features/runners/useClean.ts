import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Runner } from "@/api/types";
import { toastDone, toastError } from "@/ui/toast";
import { cleanRunner, runnersKey } from "./api";

/** Asks a runner to empty its caches. */
export function useClean(project: number | undefined) {
  const { t } = useTranslation("runners");
  const client = useQueryClient();
  return useMutation({
    mutationFn: (runner: Runner) => cleanRunner(project, runner.id),
    onSuccess: async (_, runner) => {
      toastDone(t("cleanDone", { name: runner.name }));
      await client.invalidateQueries({ queryKey: runnersKey(project) });
    },
    onError: toastError,
  });
}
