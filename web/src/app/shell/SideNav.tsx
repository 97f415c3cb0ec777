import { useQuery } from "@tanstack/react-query";
import { Link, useMatchRoute } from "@tanstack/react-router";
import { IconChevronsLeft, IconChevronsRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { usePermissions } from "@/api/permissions";
import { userQuery } from "@/api/queries";
import { globalEntries, projectEntries } from "./navigation";
import classes from "./Shell.module.css";

const groups = ["work", "resources", "project"] as const;

/** The entries a user may see; the same in the side navigation and in the phone's "More" sheet. */
export function NavEntries({ pid, onNavigate }: { pid?: number; onNavigate?: () => void }) {
  const { t } = useTranslation();
  const { can } = usePermissions(pid ?? NaN);
  const user = useQuery(userQuery());
  const matches = useMatchRoute();
  if (pid === undefined) {
    return (
      <ul className={classes.navList}>
        {globalEntries.filter((e) => !e.admin || user.data?.admin === true).map(({ to, label, icon: Icon, exact }) => (
          <li key={to}>
            <Link
              to={to}
              className={classes.navLink}
              activeOptions={{ exact }}
              onClick={onNavigate}
              title={t(label)}
            >
              <Icon size={20} stroke={1.75} aria-hidden />
              <span>{t(label)}</span>
            </Link>
          </li>
        ))}
      </ul>
    );
  }
  return groups.map((group) => {
    const entries = projectEntries.filter((e) => e.group === group && (!e.needs || can(e.needs)));
    if (entries.length === 0) return null;
    return (
      <div key={group}>
        {group !== "work" && <p className={classes.navGroup}>{t(`nav.group.${group}`)}</p>}
        <ul className={classes.navList}>
          {entries.map(({ to, label, icon: Icon, exact, tab }) => (
            <li key={to}>
              <Link
                to={to}
                params={{ pid }}
                className={classes.navLink}
                {...(tab && matches({ to: tab, params: { pid } }) ? { "data-status": "active" } : {})}
                activeOptions={{ exact: exact ?? false, includeSearch: false }}
                onClick={onNavigate}
                title={t(label)}
              >
                <Icon size={20} stroke={1.75} aria-hidden />
                <span>{t(label)}</span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    );
  });
}

export function SideNav({
  pid,
  collapsed,
  onToggle,
}: {
  pid?: number;
  collapsed: boolean;
  onToggle: () => void;
}) {
  const { t } = useTranslation();
  const Icon = collapsed ? IconChevronsRight : IconChevronsLeft;
  const label = collapsed ? t("nav.expand") : t("nav.collapse");
  return (
    <nav className={classes.sideNav} aria-label={t("nav.main")}>
      <div className={classes.sideNavBody}>
        <NavEntries pid={pid} />
      </div>
      <button
        type="button"
        className={classes.navLink}
        onClick={onToggle}
        aria-expanded={!collapsed}
        title={`${label} ([)`}
      >
        <Icon size={20} stroke={1.75} aria-hidden />
        <span>{label}</span>
      </button>
    </nav>
  );
}
