import {
  IconApps,
  IconBook2,
  IconCalendarClock,
  IconFolders,
  IconGitBranch,
  IconHistory,
  IconHome,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconLockAccess,
  IconServer2,
  IconServerBolt,
  IconSettings,
  IconShieldCheck,
  IconTemplate,
  IconUsers,
  IconVariable,
  IconWebhook,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Permission } from "@/api/permissions";

export type ProjectEntry = {
  to:
    | "/project/$pid"
    | "/project/$pid/templates"
    | "/project/$pid/runs"
    | "/project/$pid/schedule"
    | "/project/$pid/inventory"
    | "/project/$pid/environment"
    | "/project/$pid/keys"
    | "/project/$pid/repositories"
    | "/project/$pid/host_configs"
    | "/project/$pid/integrations"
    | "/project/$pid/team"
    | "/project/$pid/runners"
    | "/project/$pid/audit"
    | "/project/$pid/settings";
  label: string;
  icon: TablerIcon;
  exact?: boolean;
  /** A page that is reached by a tab of this one. */
  tab?: "/project/$pid/roles";
  needs?: Permission;
  group: "work" | "resources" | "project";
};

export const projectEntries: ProjectEntry[] = [
  { to: "/project/$pid", label: "nav.overview", icon: IconLayoutDashboard, exact: true, group: "work" },
  { to: "/project/$pid/templates", label: "nav.templates", icon: IconTemplate, group: "work" },
  { to: "/project/$pid/runs", label: "nav.runs", icon: IconHistory, group: "work" },
  { to: "/project/$pid/schedule", label: "nav.schedules", icon: IconCalendarClock, group: "work" },
  { to: "/project/$pid/inventory", label: "nav.inventories", icon: IconServer2, group: "resources" },
  { to: "/project/$pid/environment", label: "nav.variables", icon: IconVariable, group: "resources" },
  { to: "/project/$pid/keys", label: "nav.keys", icon: IconKey, group: "resources" },
  { to: "/project/$pid/repositories", label: "nav.repositories", icon: IconGitBranch, group: "resources" },
  { to: "/project/$pid/host_configs", label: "nav.hostConfigs", icon: IconLockAccess, group: "resources" },
  { to: "/project/$pid/integrations", label: "nav.integrations", icon: IconWebhook, group: "resources" },
  { to: "/project/$pid/team", label: "nav.team", icon: IconUsers, tab: "/project/$pid/roles", group: "project" },
  { to: "/project/$pid/runners", label: "nav.runners", icon: IconServerBolt, group: "project" },
  { to: "/project/$pid/audit", label: "nav.activity", icon: IconListDetails, group: "project" },
  {
    to: "/project/$pid/settings",
    label: "nav.settings",
    icon: IconSettings,
    group: "project",
    needs: "updateProject",
  },
];

export const globalEntries = [
  { to: "/", label: "nav.home", icon: IconHome, exact: true, admin: false },
  { to: "/projects", label: "nav.projects", icon: IconFolders, exact: false, admin: false },
  { to: "/apps", label: "nav.apps", icon: IconApps, exact: false, admin: true },
  { to: "/users", label: "nav.users", icon: IconUsers, exact: false, admin: true },
  { to: "/roles", label: "nav.roles", icon: IconShieldCheck, exact: false, admin: true },
  { to: "/runners", label: "nav.runners", icon: IconServerBolt, exact: false, admin: true },
  { to: "/audit", label: "nav.activity", icon: IconListDetails, exact: false, admin: true },
] as const;

export const apiReferenceIcon = IconBook2;
