import { useQuery } from "@tanstack/react-query";
import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { userQuery } from "@/api/queries";
import { Empty, RowsSkeleton } from "./States";

/** What is for administrators of the server; others read that it is not for them. */
export function AdminOnly({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const me = useQuery(userQuery());
  if (me.data === undefined) return <RowsSkeleton />;
  if (me.data.admin) return children;
  return <Empty icon={<IconLock size={28} stroke={1.5} />} title={t("adminOnly.title")} text={t("adminOnly.text")} />;
}
