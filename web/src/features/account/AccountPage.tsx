import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { Card } from "@/ui/Card";
import { PageHeader } from "@/ui/PageHeader";
import { RowsSkeleton } from "@/ui/States";
import classes from "./account.module.css";
import { AlertSwitch } from "./AlertSwitch";
import { PasswordForm } from "./PasswordForm";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

export default function AccountPage() {
  const { t } = useTranslation(["auth", "alerts"]);
  const user = useQuery(userQuery());
  return (
    <>
      <PageHeader
        title={t("account.title")}
        description={user.data && `${user.data.name} · ${user.data.username} · ${user.data.email}`}
      />
      <div className={classes.page}>
        <Card title={t("totp.title")} padded>
          {user.data ? <SecondFactor user={user.data} /> : <RowsSkeleton rows={2} />}
        </Card>
        <Card title={t("alerts:title")} padded>
          {user.data ? <AlertSwitch user={user.data} /> : <RowsSkeleton rows={1} />}
        </Card>
        <Card title={t("sessions.title")} padded>
          <Sessions />
        </Card>
        <Card title={t("tokens.title")} padded>
          <Tokens />
        </Card>
        <Card title={t("password.title")} padded>
          {!user.data ? (
            <RowsSkeleton rows={2} />
          ) : user.data.external ? (
            <p>{t("password.external")}</p>
          ) : (
            <PasswordForm user={user.data} />
          )}
        </Card>
      </div>
    </>
  );
}
