import { useLocation, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toastDone } from "@/ui/toast";
import { copyText } from "@/lib/clipboard";
import { lineHash, parseLineHash, pickLines } from "./lines";

/** The line or range in the address, and changing it. */
export function useLineLinks() {
  const { t } = useTranslation("runs");
  const navigate = useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const range = useMemo(() => parseLineHash(hash), [hash]);
  const go = (next: string) =>
    void navigate({ to: ".", search: true, hash: next, replace: true, resetScroll: false, hashScrollIntoView: false });
  return {
    range,
    pick: (seq: number, extend: boolean) => go(lineHash(pickLines(range, seq, extend))),
    clear: () => go(""),
    copyLink: async () => {
      if (await copyText(location.href)) toastDone(t("actions.linkCopied"));
    },
  };
}
