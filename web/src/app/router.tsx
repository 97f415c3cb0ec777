import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { mountPath } from "@/api/client";
import { isApiError } from "@/api/errors";
import { setupQuery, userQuery } from "@/api/queries";
import { NotFound } from "@/ui/NotFound";
import { RouteError } from "@/ui/RouteError";
import { PageSkeleton } from "@/ui/PageSkeleton";
import { Root } from "./Root";
import { Shell } from "./shell/Shell";

type Context = { client: QueryClient };
type Search = Record<string, unknown>;

/** Pages of the runs feature read and check their own search parameters. */
const anySearch = (s: Search): Search => s;

/** The filter text and the order of the list that a page shows. */
const listSearch = (s: Search): { q?: string; sort?: string } => ({
  ...(s.q !== undefined && s.q !== "" ? { q: String(s.q) } : {}),
  ...(typeof s.sort === "string" && s.sort !== "" ? { sort: s.sort } : {}),
});

/** A drawer over the list is open for `new`, or for the object with this id. */
const openSearch = (s: Search): { open?: number | "new" } => {
  if (s.open === "new") return { open: "new" };
  const n = Number(s.open);
  return Number.isInteger(n) && n > 0 ? { open: n } : {};
};

const root = createRootRouteWithContext<Context>()({ component: Root, validateSearch: listSearch });

/** A drawer is open for the role of this short name. */
const roleSearch = (s: Search): { role?: string } => (typeof s.role === "string" && s.role !== "" ? { role: s.role } : {});

const login = createRoute({
  getParentRoute: () => root,
  path: "/auth/login",
  validateSearch: (s: Search): { return?: string } =>
    typeof s.return === "string" && s.return.startsWith("/") && !s.return.startsWith("//")
      ? { return: s.return }
      : {},
  component: lazyRouteComponent(() => import("@/features/auth/LoginPage")),
});

const forgot = createRoute({
  getParentRoute: () => root,
  path: "/auth/forgot",
  component: lazyRouteComponent(() => import("@/features/auth/ForgotPage")),
});

/** Where the link in a letter leads; its token is behind #. */
const reset = createRoute({
  getParentRoute: () => root,
  path: "/auth/reset",
  component: lazyRouteComponent(() => import("@/features/auth/ResetPage")),
});

/** An invitation, for who has not signed in; its token is behind #. */
const invited = createRoute({
  getParentRoute: () => root,
  path: "/auth/invite",
  component: lazyRouteComponent(() => import("@/features/auth/InvitedPage")),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (s: Search): { token?: string } =>
    typeof s.token === "string" ? { token: s.token } : {},
  component: lazyRouteComponent(() => import("@/features/auth/SetupPage")),
});

/** Everything that needs a signed-in user, inside the frame. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "app",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(userQuery());
    } catch (error) {
      if (!isApiError(error, 401)) throw error;
      const { needed } = await context.client.fetchQuery(setupQuery()).catch(() => ({ needed: false }));
      if (needed) throw redirect({ to: "/setup", replace: true });
      throw redirect({ to: "/auth/login", search: { return: location.href }, replace: true });
    }
  },
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/projects/HomePage")),
});
const projects = createRoute({
  getParentRoute: () => signedIn,
  path: "/projects",
  component: lazyRouteComponent(() => import("@/features/projects/ProjectsPage")),
});
const newProject = createRoute({
  getParentRoute: () => signedIn,
  path: "/projects/new",
  component: lazyRouteComponent(() => import("@/features/projects/NewProjectPage")),
});
const restore = createRoute({
  getParentRoute: () => signedIn,
  path: "/projects/restore",
  component: lazyRouteComponent(() => import("@/features/projects/RestorePage")),
});
/** The peer's address. */
const restoreAlias = createRoute({
  getParentRoute: () => signedIn,
  path: "/project/restore",
  beforeLoad: () => {
    throw redirect({ to: "/projects/restore", replace: true });
  },
});
const account = createRoute({
  getParentRoute: () => signedIn,
  path: "/account",
  component: lazyRouteComponent(() => import("@/features/account/AccountPage")),
});
const apps = createRoute({
  getParentRoute: () => signedIn,
  path: "/apps",
  validateSearch: (s: Search): { app?: string } =>
    typeof s.app === "string" && s.app !== "" ? { app: s.app } : {},
  component: lazyRouteComponent(() => import("@/features/apps/AppsPage")),
});
const audit = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("@/features/audit/AuditPage")),
});
const roles = createRoute({
  getParentRoute: () => signedIn,
  path: "/roles",
  validateSearch: roleSearch,
  component: lazyRouteComponent(() => import("@/features/roles/RolesPage")),
});
/** An invitation has a page for who has not signed in too: the reader may have no account yet. */
const invitation = createRoute({
  getParentRoute: () => root,
  id: "invitation",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(userQuery());
    } catch (error) {
      if (!isApiError(error, 401)) throw error;
      throw redirect({ to: "/auth/invite", hash: location.hash, replace: true });
    }
  },
});
const invite = createRoute({
  getParentRoute: () => invitation,
  path: "/invite",
  component: lazyRouteComponent(() => import("@/features/projects/InvitePage")),
});
const tokens = createRoute({
  getParentRoute: () => signedIn,
  path: "/tokens",
  beforeLoad: () => {
    throw redirect({ to: "/account", replace: true });
  },
});

const project = createRoute({
  getParentRoute: () => signedIn,
  path: "/project/$pid",
  params: {
    parse: ({ pid }) => ({ pid: Number(pid) }),
    stringify: ({ pid }) => ({ pid: String(pid) }),
  },
  // Links of alert messages and bookmarks made for the peer carry the run in `t`.
  beforeLoad: ({ params, search }) => {
    const t = Number((search as Search).t);
    if (Number.isInteger(t) && t > 0) {
      throw redirect({
        to: "/project/$pid/tasks/$tid",
        params: { pid: params.pid, tid: t },
        replace: true,
      });
    }
  },
});

const id = {
  parse: ({ id }: { id: string }) => ({ id: Number(id) }),
  stringify: ({ id }: { id: number }) => ({ id: String(id) }),
};

const overview = createRoute({
  getParentRoute: () => project,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/projects/OverviewPage")),
});
const team = createRoute({
  getParentRoute: () => project,
  path: "/team",
  component: lazyRouteComponent(() => import("@/features/projects/TeamPage")),
});
const projectRoles = createRoute({
  getParentRoute: () => project,
  path: "/roles",
  validateSearch: roleSearch,
  component: lazyRouteComponent(() => import("@/features/roles/ProjectRolesPage")),
});
const projectAudit = createRoute({
  getParentRoute: () => project,
  path: "/audit",
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("@/features/audit/ProjectAuditPage")),
});
/** The peer's address. */
const activityAlias = createRoute({
  getParentRoute: () => project,
  path: "/activity",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/project/$pid/audit", params, replace: true });
  },
});
const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/projects/SettingsPage")),
});

const runs = createRoute({
  getParentRoute: () => project,
  path: "/runs",
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("@/features/runs/RunsPage")),
});
const history = createRoute({
  getParentRoute: () => project,
  path: "/history",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/project/$pid/runs", params, replace: true });
  },
});
const run = createRoute({
  getParentRoute: () => project,
  path: "/tasks/$tid",
  params: {
    parse: ({ tid }) => ({ tid: Number(tid) }),
    stringify: ({ tid }) => ({ tid: String(tid) }),
  },
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("@/features/runs/RunPage")),
});

const templates = createRoute({
  getParentRoute: () => project,
  path: "/templates",
  component: lazyRouteComponent(() => import("@/features/templates/TemplatesPage")),
});
const newTemplate = createRoute({
  getParentRoute: () => project,
  path: "/templates/new",
  validateSearch: (s: Search): { app?: string; copy?: number } => ({
    ...(typeof s.app === "string" ? { app: s.app } : {}),
    ...(Number.isInteger(Number(s.copy)) && s.copy !== undefined ? { copy: Number(s.copy) } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/templates/NewTemplatePage")),
});
const template = createRoute({
  getParentRoute: () => project,
  path: "/templates/$id",
  params: id,
  // The drawer of its schedules.
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/templates/TemplatePage")),
});
const editTemplate = createRoute({
  getParentRoute: () => project,
  path: "/templates/$id/edit",
  params: id,
  component: lazyRouteComponent(() => import("@/features/templates/EditTemplatePage")),
});
const templatePermissions = createRoute({
  getParentRoute: () => project,
  path: "/templates/$id/permissions",
  params: id,
  component: lazyRouteComponent(() => import("@/features/templates/PermissionsPage")),
});
/** The peer's address. */
const permissionsAlias = createRoute({
  getParentRoute: () => project,
  path: "/templates/$id/perms",
  params: id,
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/project/$pid/templates/$id/permissions", params, replace: true });
  },
});
const launch = createRoute({
  getParentRoute: () => project,
  path: "/templates/$id/run",
  params: id,
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("@/features/runs/LaunchPage")),
});
/** The peer's pages of a template are parts of one page here. */
const templateAliases = ["overview", "runs", "tasks", "details", "workspaces", "state", "schedules"].map((name) =>
  createRoute({
    getParentRoute: () => project,
    path: `/templates/$id/${name}`,
    params: id,
    beforeLoad: ({ params }) => {
      throw redirect({ to: "/project/$pid/templates/$id", params, replace: true });
    },
  }),
);

const keys = createRoute({
  getParentRoute: () => project,
  path: "/keys",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/keys/KeysPage")),
});
const repositories = createRoute({
  getParentRoute: () => project,
  path: "/repositories",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/repositories/RepositoriesPage")),
});
const hostConfigs = createRoute({
  getParentRoute: () => project,
  path: "/host_configs",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/hostConfigs/HostConfigsPage")),
});
const inventories = createRoute({
  getParentRoute: () => project,
  path: "/inventory",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/inventories/InventoriesPage")),
});
const variables = createRoute({
  getParentRoute: () => project,
  path: "/environment",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/variables/VariablesPage")),
});
const schedules = createRoute({
  getParentRoute: () => project,
  path: "/schedule",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/automation/schedules/SchedulesPage")),
});
const integrations = createRoute({
  getParentRoute: () => project,
  path: "/integrations",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/automation/integrations/IntegrationsPage")),
});
const integration = createRoute({
  getParentRoute: () => project,
  path: "/integrations/$id",
  params: id,
  validateSearch: (s: Search): { open?: number | "new"; part?: "settings" | "matchers" | "values" } => ({
    ...openSearch(s),
    ...(s.part === "settings" || s.part === "matchers" || s.part === "values" ? { part: s.part } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/automation/integrations/IntegrationPage")),
});

const users = createRoute({
  getParentRoute: () => signedIn,
  path: "/users",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/users/UsersPage")),
});

const runners = createRoute({
  getParentRoute: () => signedIn,
  path: "/runners",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/runners/RunnersPage")),
});
const projectRunners = createRoute({
  getParentRoute: () => project,
  path: "/runners",
  validateSearch: openSearch,
  component: lazyRouteComponent(() => import("@/features/runners/ProjectRunnersPage")),
});

const tree = root.addChildren([
  login,
  forgot,
  reset,
  invited,
  invitation.addChildren([invite]),
  setup,
  signedIn.addChildren([
    home,
    projects,
    newProject,
    restore,
    restoreAlias,
    account,
    apps,
    tokens,
    users,
    roles,
    runners,
    audit,
    project.addChildren([
      overview,
      team,
      projectRoles,
      projectRunners,
      projectAudit,
      activityAlias,
      settings,
      runs,
      history,
      run,
      templates,
      newTemplate,
      template,
      editTemplate,
      templatePermissions,
      permissionsAlias,
      launch,
      ...templateAliases,
      keys,
      repositories,
      hostConfigs,
      inventories,
      variables,
      schedules,
      integrations,
      integration,
    ]),
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    basepath: mountPath() || "/",
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: PageSkeleton,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
