import { Link } from "@tanstack/react-router";
import { IconCompassOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { PageHeader } from "./PageHeader";
import { Empty } from "./States";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div>
      <PageHeader title={t("notFound.title")} />
      <Empty
        icon={<IconCompassOff size={28} />}
        title={t("notFound.what")}
        text={t("notFound.text")}
        action={<Link to="/">{t("notFound.home")}</Link>}
      />
    </div>
  );
}
