import { Drawer } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconDots, IconFolders, IconHistory, IconHome, IconTemplate } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { NavEntries } from "./SideNav";
import classes from "./Shell.module.css";

/** The navigation of phones: the four places most used, the rest in a sheet. */
export function BottomBar({ pid }: { pid?: number }) {
  const { t } = useTranslation();
  const [more, setMore] = useState(false);
  const icon = { size: 20, stroke: 1.75, "aria-hidden": true } as const;
  return (
    <nav className={classes.bottomBar} aria-label={t("nav.phone")}>
      {pid === undefined ? (
        <>
          <Link to="/" activeOptions={{ exact: true }} className={classes.bottomLink}>
            <IconHome {...icon} />
            <span>{t("nav.home")}</span>
          </Link>
          <Link to="/projects" className={classes.bottomLink}>
            <IconFolders {...icon} />
            <span>{t("nav.projects")}</span>
          </Link>
        </>
      ) : (
        <>
          <Link
            to="/project/$pid"
            params={{ pid }}
            activeOptions={{ exact: true }}
            className={classes.bottomLink}
          >
            <IconHome {...icon} />
            <span>{t("nav.overview")}</span>
          </Link>
          <Link to="/project/$pid/runs" params={{ pid }} className={classes.bottomLink}>
            <IconHistory {...icon} />
            <span>{t("nav.runs")}</span>
          </Link>
          <Link to="/project/$pid/templates" params={{ pid }} className={classes.bottomLink}>
            <IconTemplate {...icon} />
            <span>{t("nav.templates")}</span>
          </Link>
          <button
            type="button"
            className={classes.bottomLink}
            onClick={() => setMore(true)}
            aria-haspopup="dialog"
          >
            <IconDots {...icon} />
            <span>{t("nav.more")}</span>
          </button>
        </>
      )}
      <Drawer
        opened={more}
        onClose={() => setMore(false)}
        position="bottom"
        size="auto"
        title={t("nav.more")}
        closeButtonProps={{ "aria-label": t("actions.close") }}
      >
        <NavEntries pid={pid} onNavigate={() => setMore(false)} />
        <ul className={classes.navList}>
          <li>
            <Link to="/projects" className={classes.navLink} onClick={() => setMore(false)}>
              <IconFolders {...icon} />
              <span>{t("nav.projects")}</span>
            </Link>
          </li>
        </ul>
      </Drawer>
    </nav>
  );
}
