import { useCallback, useEffect, useEffectEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/types";
import { toastDone, toastError } from "@/ui/toast";
import { firstError, nextError, type ServerSearch } from "./find";
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

/** Jumps to the error before or after the line in focus. */
export function useNextError(store: LogStore, search: ServerSearch, jump: (seq: number) => void) {
  const { t } = useTranslation("runs");
  return useCallback(
    async (from: number, by: 1 | -1) => {
      try {
        const seq = await nextError(store, search, from, by);
        if (seq > 0) jump(seq);
        else toastDone(t("log.noError"));
      } catch (error) {
        toastError(error);
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
