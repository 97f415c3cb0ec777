import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { errorText } from "@/ui/errorText";
import { toastDone } from "@/ui/toast";
import { useCountdown } from "@/ui/useCountdown";

/** The server sends no two codes within this many seconds. */
const pause = 60;

/** Has another code mailed, as soon as that is possible. */
export function ResendButton() {
  const { t } = useTranslation("signin");
  const resend = useMutation({
    mutationFn: () => done(api.POST("/api/auth/login/email/resend")),
    onSuccess: () => toastDone(t("mail.sent")),
  });
  const limited = isApiError(resend.error, 429);
  // The first code was sent just before this was shown. Another number starts the count anew.
  const first = useCountdown(pause);
  const later = useCountdown(resend.submittedAt ? pause + resend.submittedAt / 1e15 : undefined);
  const refused = useCountdown(limited && isApiError(resend.error) ? (resend.error.retryAfter ?? pause) : undefined);
  const wait = limited ? refused : resend.submittedAt ? (resend.isError ? 0 : later) : first;
  return (
    <>
      <Button variant="default" loading={resend.isPending} disabled={wait > 0} onClick={() => resend.mutate()}>
        {wait > 0 ? t("mail.resendIn", { count: wait }) : t("mail.resend")}
      </Button>
      {resend.error && !limited && (
        <p role="alert" style={{ margin: 0, color: "var(--sb-danger)" }}>
          {errorText(resend.error, t)}
        </p>
      )}
    </>
  );
}
