import { Anchor, Button } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, done } from "@/api/client";
import { isApiError } from "@/api/errors";
import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";
import { NewPasswordForm } from "./NewPasswordForm";

/** Where a mailed link leads: choose a new password, then sign in with it. */
export default function ResetPage() {
  const { t } = useTranslation(["signin", "auth"]);
  const hash = useLocation({ select: (location) => location.hash });
  const token = new URLSearchParams(hash).get("token") ?? "";
  const [changed, setChanged] = useState(false);
  if (changed) {
    return (
      <AuthFrame title={t("reset.done")}>
        <p className={classes.text} role="status">
          {t("reset.doneText")}
        </p>
        <Button component={Link} to="/auth/login" fullWidth mt="md">
          {t("login.submit", { ns: "auth" })}
        </Button>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t("reset.title")}>
      {token === "" ? (
        <p className={classes.text}>{t("reset.missing")}</p>
      ) : (
        <NewPasswordForm
          submitLabel={t("reset.submit")}
          save={(password) => done(api.POST("/api/auth/reset/confirm", { body: { token, password } }))}
          onDone={() => setChanged(true)}
          failed={(error) => (isApiError(error) && error.field === "token" ? t("reset.wrong") : undefined)}
        />
      )}
      <Anchor component={Link} to="/auth/forgot" size="sm" mt="md" display="block" ta="center">
        {t("reset.again")}
      </Anchor>
    </AuthFrame>
  );
}
