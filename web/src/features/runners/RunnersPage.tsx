import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { AdminOnly } from "@/ui/AdminOnly";
import { PageHeader } from "@/ui/PageHeader";
import { NewRunnerButton, Runners } from "./Runners";

/** The runners of the whole server, for administrators. */
export default function RunnersPage() {
  const { t } = useTranslation("runners");
  const me = useQuery(userQuery());
  return (
    <>
      <PageHeader title={t("title")} description={t("everywhereText")} actions={me.data?.admin && <NewRunnerButton />} />
      <AdminOnly>
        <Runners manage />
      </AdminOnly>
    </>
  );
}
