import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { api, done } from "@/api/client";
import { loginOptionsQuery } from "@/api/queries";
import classes from "./AuthFrame.module.css";
import { CodeForm } from "./CodeForm";
import { EnrolForm } from "./EnrolForm";
import { NewPasswordForm } from "./NewPasswordForm";
import type { Step } from "./steps";

/** The form of what a session still waits for. */
export function SignInStep({
  step,
  onDone,
  onBack,
}: {
  step: Step;
  onDone: () => void | Promise<void>;
  onBack: () => void;
}) {
  const { t } = useTranslation("signin");
  const options = useQuery(loginOptionsQuery());
  switch (step) {
    case "totp": {
      const recovery = options.data?.auth_methods.totp?.allow_recovery ?? false;
      return <CodeForm kind={recovery ? "recovery" : "totp"} onDone={onDone} onBack={onBack} />;
    }
    case "mail":
      return <CodeForm kind="mail" onDone={onDone} onBack={onBack} />;
    case "enrol":
      return (
        <>
          <p className={classes.text}>{t("enrol.text")}</p>
          <EnrolForm onDone={onDone} onBack={onBack} />
        </>
      );
    case "password":
      return (
        <>
          <p className={classes.text}>{t("mustChange.text")}</p>
          <NewPasswordForm
            submitLabel={t("mustChange.submit")}
            save={(password) => done(api.POST("/api/auth/password", { body: { password } }))}
            onDone={onDone}
          />
        </>
      );
  }
}
