import { useLocalStorage } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { LiveCache } from "@/api/cache";
import { live } from "@/api/live";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { BottomBar } from "./BottomBar";
import { LiveIndicator } from "./LiveIndicator";
import { ProjectSwitcher } from "./ProjectSwitcher";
import classes from "./Shell.module.css";
import { SideNav } from "./SideNav";
import { useCurrentProject } from "./useProject";
import { useShortcuts } from "./useShortcuts";
import { UserMenu } from "./UserMenu";

const ShortcutHelp = lazy(() => import("./ShortcutHelp"));

/** Keeps the live connection open while somebody is signed in. */
function useLive() {
  const client = useQueryClient();
  useEffect(() => {
    const cache = new LiveCache(client);
    live.start({ onUpdate: (update) => cache.update(update), onResync: () => cache.resync() });
    return () => live.stop();
  }, [client]);
}

export function Shell() {
  const { t } = useTranslation();
  const { pid, project } = useCurrentProject();
  const [collapsed, setCollapsed] = useLocalStorage({
    key: "signalbox.nav-collapsed",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const [help, setHelp] = useState(false);
  const openHelp = useCallback(() => setHelp(true), []);
  const toggleNav = useCallback(() => setCollapsed((c) => !c), [setCollapsed]);
  useLive();
  useShortcuts({ pid, onHelp: openHelp, onToggleNav: toggleNav });

  return (
    <div className={classes.shell} data-collapsed={collapsed || undefined}>
      <a href="#main" className={classes.skip} onClick={skipToMain}>
        {t("nav.skip")}
      </a>
      <header className={classes.topBar}>
        <Link to="/" className={classes.brand} aria-label={t("nav.brand")}>
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden>
            <rect width="32" height="32" rx="7" fill="var(--sb-brand)" />
            <path d="M16 6v20" stroke="var(--sb-surface)" strokeWidth="2.5" strokeLinecap="round" />
            <path d="M16 9h9l-2.5 3L25 15h-9z" fill="var(--sb-surface)" />
          </svg>
          <span className={classes.brandName}>Signalbox</span>
        </Link>
        <span className={classes.separator} aria-hidden />
        <ProjectSwitcher pid={pid} name={project?.name} />
        <div className={classes.topEnd}>
          <LiveIndicator />
          <UserMenu onShortcuts={openHelp} />
        </div>
      </header>
      <SideNav pid={pid} collapsed={collapsed} onToggle={toggleNav} />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      <BottomBar pid={pid} />
      {help && (
        <Suspense>
          <ShortcutHelp onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  );
}

function skipToMain(event: React.MouseEvent) {
  // With <base href> a fragment would leave the page.
  event.preventDefault();
  document.getElementById("main")?.focus();
}
