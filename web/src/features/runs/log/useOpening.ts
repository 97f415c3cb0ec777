import { useCallback, useEffect, useEffectEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import { toastDone, toastError } from "@/ui/toast";
import { firstError, type ServerSearch } from "./find";
import type { LogStore } from "./store";

/** Jumps to the first line that looks like an error; says so when there is none and it was asked for. */
export function useFirstError(store: LogStore, search: ServerSearch, jump: (seq: number) => void) {
  const { t } = useTranslation("runs");
  return useCallback(
    async (asked: boolean) => {
      try {
        const seq = await firstError(store, search, AbortSignal.timeout(20_000));
        if (seq > 0) jump(seq);
        else if (asked) toastDone(t("log.noError"));
      } catch (error) {
        if (asked) toastError(error);
      }
    },
    [store, search, jump, t],
  );
}

/** Where a log opens: at the linked line, else a failed run at its first error, else at the end. */
export function useOpeningLine(task: Task, linked: number, jump: (seq: number) => void, toError: (asked: boolean) => Promise<void>) {
  const open = useEffectEvent(() => {
    if (linked > 0) jump(linked);
    else if (task.status === "error") void toError(false);
  });
  useEffect(() => {
    open();
  }, []);
}
