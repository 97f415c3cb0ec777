import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { AdminOnly } from "@/ui/AdminOnly";
import { PageHeader } from "@/ui/PageHeader";
import { NewRoleButton, Roles } from "./Roles";

/** The roles that every project has, for administrators. */
export default function RolesPage() {
  const { t } = useTranslation("roles");
  const me = useQuery(userQuery());
  return (
    <>
      <PageHeader title={t("title")} description={t("everywhereText")} actions={me.data?.admin && <NewRoleButton />} />
      <AdminOnly>
        <Roles manage can={() => true} />
      </AdminOnly>
    </>
  );
}
