import { useTranslation } from "react-i18next";
import { PageTab, PageTabs } from "./PageTabs";

/** The pages about who may do what in a project. */
export function TeamTabs({ project }: { project: number }) {
  const { t } = useTranslation();
  return (
    <PageTabs label={t("nav.team")}>
      <PageTab to="/project/$pid/team" params={{ pid: project }}>
        {t("tabs.members")}
      </PageTab>
      <PageTab to="/project/$pid/roles" params={{ pid: project }}>
        {t("nav.roles")}
      </PageTab>
    </PageTabs>
  );
}
