import { Button, Skeleton, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { ErrorState } from "@/ui/States";
import classes from "./AuthFrame.module.css";
import { CodeForm } from "./CodeForm";

/** The second factor that the server asks for: a picture for the authenticator, the first code, and the recovery codes. */
export function EnrolForm({ onDone, onBack }: { onDone: () => void | Promise<void>; onBack: () => void }) {
  const { t } = useTranslation(["signin", "auth"]);
  const [confirmed, setConfirmed] = useState(false);
  const factor = useQuery({
    queryKey: ["auth", "enrol"],
    queryFn: () => data(api.POST("/api/auth/enrol")),
    // Every call makes another secret.
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (factor.error) return <ErrorState error={factor.error} onRetry={() => void factor.refetch()} />;
  if (!factor.data) return <Skeleton height={280} mt="md" />;
  const codes = factor.data.recovery_codes ?? [];
  if (confirmed) {
    return (
      <div className={classes.fields} role="status">
        <p className={classes.text}>
          <strong>{t("totp.codes", { ns: "auth" })}.</strong> {t("totp.codesText", { ns: "auth" })}
        </p>
        <ul className={`${classes.codes} mono`}>
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <Button onClick={() => void onDone()} data-autofocus>
          {t("enrol.kept")}
        </Button>
      </div>
    );
  }
  return (
    <>
      <p className={classes.text}>{t("totp.scan", { ns: "auth" })}</p>
      <div className={classes.fields}>
        <img className={classes.picture} src={factor.data.qr} alt={t("totp.picture", { ns: "auth" })} width={192} height={192} />
        <TextInput
          label={t("totp.key", { ns: "auth" })}
          classNames={{ input: "mono" }}
          readOnly
          value={new URL(factor.data.url).searchParams.get("secret") ?? ""}
        />
      </div>
      <CodeForm
        kind="enrol"
        onDone={() => (codes.length > 0 ? setConfirmed(true) : onDone())}
        onBack={onBack}
      />
    </>
  );
}
