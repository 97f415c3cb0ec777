import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { AdminOnly } from "@/ui/AdminOnly";
import { PageHeader } from "@/ui/PageHeader";
import { Activity } from "./Activity";
import { ExportButton } from "./ExportButton";

/** The activity of the whole server, for administrators. */
export default function AuditPage() {
  const { t } = useTranslation("audit");
  const me = useQuery(userQuery());
  return (
    <>
      <PageHeader title={t("title")} description={t("everywhere")} actions={me.data?.admin && <ExportButton />} />
      <AdminOnly>
        <Activity scope={{ whole: true }} />
      </AdminOnly>
    </>
  );
}
