import { Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconCheck, IconFolders, IconPlus, IconRestore, IconSelector } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { projectsQuery, userQuery } from "@/api/queries";
import { MenuLink } from "@/ui/links";
import classes from "./Shell.module.css";

const searchFrom = 8;

export function ProjectSwitcher({ pid, name }: { pid?: number; name?: string }) {
  const { t } = useTranslation();
  const projects = useQuery(projectsQuery());
  const user = useQuery(userQuery());
  const [filter, setFilter] = useState("");
  const all = projects.data ?? [];
  const shown = all.filter((p) => p.name.toLowerCase().includes(filter.toLowerCase()));
  const mayCreate = user.data?.admin || user.data?.can_create_project;
  return (
    <Menu position="bottom-start" width={280} onClose={() => setFilter("")} shadow="md">
      <Menu.Target>
        <button type="button" className={classes.switcher} aria-label={t("projectSwitcher.label")}>
          <span className={classes.switcherName}>
            {pid === undefined ? t("projectSwitcher.none") : (name ?? "…")}
          </span>
          <IconSelector size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {all.length >= searchFrom && (
          <input
            className={classes.switcherFilter}
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
            placeholder={t("projectSwitcher.filter")}
            aria-label={t("projectSwitcher.filter")}
            data-autofocus
          />
        )}
        <div className={classes.switcherList}>
          {shown.map((p) => (
            <MenuLink
              key={p.id}
              to="/project/$pid"
              params={{ pid: p.id }}
              leftSection={p.id === pid ? <IconCheck size={16} /> : <span className={classes.gap16} />}
            >
              {p.name}
            </MenuLink>
          ))}
        </div>
        <Menu.Divider />
        <MenuLink to="/projects" leftSection={<IconFolders size={16} />}>
          {t("projectSwitcher.all")}
        </MenuLink>
        {mayCreate && (
          <>
            <MenuLink to="/projects/new" leftSection={<IconPlus size={16} />}>
              {t("projectSwitcher.create")}
            </MenuLink>
            <MenuLink to="/projects/restore" leftSection={<IconRestore size={16} />}>
              {t("projectSwitcher.restore")}
            </MenuLink>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
