import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import common from "@/locales/en/common.json";
import engine from "@/locales/en/engine.json";
import runs from "@/locales/en/runs.json";
import LaunchPage from "./LaunchPage";
import RunPage from "./RunPage";
import RunsPage from "./RunsPage";

const template = {
  id: 4,
  project_id: 1,
  name: "Deploy",
  app: "bash",
  playbook: "deploy.sh",
  repository_id: 2,
  survey_vars: [
    { name: "version", title: "Version", required: true },
    { name: "token", title: "Token", type: "secret", required: true },
  ],
};
const created = "2026-11-23T12:00:00Z";
const task = { id: 9, template_id: 4, project_id: 1, status: "success", playbook: "", created, start: created, end: created, limit: "", log_lines: 1, log_complete: true };
const row = { ...task, tpl_alias: "Deploy", tpl_playbook: "deploy.sh", tpl_app: "bash", user_name: "Bob" };
const lines = [{ seq: 1, time: created, text: "<b>hello</b>" }];

interface Call {
  readonly method: string;
  readonly path: string;
  readonly search: URLSearchParams;
  readonly body: string;
}

const waits = { ...task, id: 11, status: "waiting_confirmation", end: undefined, log_complete: false };
const plan = {
  add: 1, change: 0, destroy: 2, has_changes: true,
  resources: [
    { address: "web.new", action: "create", changes: [{ name: "size", before: null, after: "<b>2</b>" }] },
    { address: "web.old", action: "delete" },
  ],
};
let stages: unknown[];
let calls: Call[];
let permissions: number;
let launch: () => Response;

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

function answer(method: string, path: string): Response {
  if (method === "POST" && path === "/api/project/1/tasks") return launch();
  if (method === "POST") return new Response(null, { status: 204 });
  const known: Record<string, unknown> = {
    "/api/user": { id: 1, name: "Bob", username: "bob", admin: false },
    "/api/project/1": { id: 1, name: "Demo" },
    "/api/project/1/role": { role: "guest", permissions },
    "/api/project/1/templates": [template],
    "/api/project/1/templates/4": template,
    "/api/project/1/tasks": [row],
    "/api/project/1/tasks/9": task,
    "/api/project/1/tasks/10": { ...task, id: 10 },
    "/api/project/1/tasks/11": waits,
    "/api/project/1/tasks/11/stages": stages,
    "/api/project/1/tasks/9/log": { total: 1, bytes: 12, complete: true, lines },
    "/api/project/1/tasks/10/log": { total: 0, bytes: 0, complete: true, lines: [] },
  };
  return json(known[path] ?? []);
}

beforeAll(async () => {
  await i18next.use(initReactI18next).init({ lng: "en", resources: { en: { common, engine, runs } }, defaultNS: "common", fallbackNS: "common", interpolation: { escapeValue: false } });
});

beforeEach(() => {
  calls = [];
  permissions = 1;
  stages = [{ id: 1, task_id: 11, type: "terraform_plan", start: created, end: created, start_output_id: 1, end_output_id: 1, result: plan }];
  launch = () => json({ ...task, id: 10, status: "waiting" }, 201);
  vi.stubGlobal("scrollTo", () => {});
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    calls.push({ method: request.method, path: pathname, search: searchParams, body: await request.text() });
    return answer(request.method, pathname);
  });
});
afterEach(() => vi.unstubAllGlobals());

function open(path: string) {
  const root = createRootRoute({ component: Outlet });
  const numbers = (params: Record<string, string>) => Object.fromEntries(Object.entries(params).map(([k, v]) => [k, Number(v)]));
  const page = (at: string, component: () => React.ReactNode) =>
    createRoute({ getParentRoute: () => root, path: at, component, params: { parse: numbers, stringify: (p) => Object.fromEntries(Object.entries(p).map(([k, v]) => [k, String(v)])) } });
  const router = createRouter({
    routeTree: root.addChildren([
      page("/project/$pid/templates/$id/run", LaunchPage),
      page("/project/$pid/tasks/$tid", RunPage),
      page("/project/$pid/runs", RunsPage),
    ]),
    history: createMemoryHistory({ initialEntries: [path] }),
  });
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <ModalsProvider>
          {/* The application's own router has other routes, which typing knows and this test does not need. */}
          <RouterProvider router={router as never} />
        </ModalsProvider>
      </MantineProvider>
    </QueryClientProvider>,
  );
  return router;
}

const launches = () => calls.filter((call) => call.method === "POST");

describe("launch form", () => {
  it("starts one run, however often the keys repeat, and keeps the secret out of the address", async () => {
    const user = userEvent.setup();
    const router = open("/project/1/templates/4/run?var.version=1.2&var.token=leaked");
    expect(await screen.findByLabelText(/Version/)).toHaveValue("1.2");
    expect(screen.getByLabelText(/Token/)).toHaveValue("");
    await user.type(screen.getByLabelText(/Token/), "s3cret");
    await user.keyboard("{Control>}{Enter}{Enter}{Enter}{/Control}");
    await waitFor(() => expect(router.state.location.pathname).toBe("/project/1/tasks/10"));
    expect(launches()).toHaveLength(1);
    expect(JSON.parse(launches()[0]?.body ?? "")).toEqual({
      template_id: 4,
      environment: '{"version":"1.2"}',
      secret: '{"token":"s3cret"}',
    });
    expect(router.state.location.href).not.toContain("s3cret");
  }, 20_000);

  it("asks for what is missing instead of starting", async () => {
    const user = userEvent.setup();
    open("/project/1/templates/4/run");
    await user.click(await screen.findByRole("button", { name: "Run" }));
    expect(await screen.findAllByText("Fill in this field.")).toHaveLength(2);
    expect(launches()).toHaveLength(0);
  }, 20_000);

  it("shows the server's complaint at its field, and may then be sent again", async () => {
    const user = userEvent.setup();
    launch = () => json({ error: "version 9 does not exist", field: "environment.version" }, 400);
    open("/project/1/templates/4/run?var.version=9");
    await user.type(await screen.findByLabelText(/Token/), "x");
    await user.click(screen.getByRole("button", { name: "Run" }));
    expect(await screen.findByText("version 9 does not exist")).toBeInTheDocument();
    expect(screen.getByLabelText(/Version/)).toBeInvalid();
    await user.click(screen.getByRole("button", { name: "Run" }));
    await waitFor(() => expect(launches()).toHaveLength(2));
  }, 20_000);

  it("lets those who may not run look only", async () => {
    permissions = 0;
    open("/project/1/templates/4/run");
    expect(await screen.findByText(/not start runs of this template/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Run" })).toBeNull();
  }, 20_000);
});

describe("run page", () => {
  it("shows the log as text and the actions one may take", async () => {
    open("/project/1/tasks/9");
    expect(await screen.findByText("<b>hello</b>")).toBeInTheDocument();
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Deploy #9");
    // The template asks for a secret: running again means entering it.
    expect(await screen.findByRole("link", { name: "Run again" })).toHaveAttribute("href", "/project/1/templates/4/run?from=9");
    expect(screen.queryByRole("button", { name: "Stop" })).toBeNull();
  }, 20_000);

  it("offers no actions to guests", async () => {
    permissions = 0;
    open("/project/1/tasks/9");
    await screen.findByText("<b>hello</b>");
    expect(screen.queryByRole("link", { name: "Run again" })).toBeNull();
  }, 20_000);
});

describe("a run that waits for confirmation", () => {
  it("shows the plan, and asks for the number before it destroys", async () => {
    const user = userEvent.setup();
    open("/project/1/tasks/11");
    await user.click(await screen.findByRole("button", { name: /web\.new/ }));
    expect(screen.getByText("<b>2</b>")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Confirm" }));
    const typed = await screen.findByLabelText("Type 2 to confirm");
    await user.type(typed, "1{Enter}");
    expect(launches()).toHaveLength(0);
    await user.clear(typed);
    await user.type(typed, "2{Enter}");
    await waitFor(() => expect(launches().map((call) => call.path)).toEqual(["/api/project/1/tasks/11/confirm"]));
  }, 20_000);

  it("is rejected at once", async () => {
    const user = userEvent.setup();
    open("/project/1/tasks/11");
    await user.click(await screen.findByRole("button", { name: "Reject" }));
    await waitFor(() => expect(launches().map((call) => call.path)).toEqual(["/api/project/1/tasks/11/reject"]));
  }, 20_000);

  it("lets those who may not run look only, and copes without a plan", async () => {
    permissions = 0;
    stages = [];
    open("/project/1/tasks/11");
    expect(await screen.findByText(/Only those who may start runs/)).toBeInTheDocument();
    expect(screen.getByText("No plan yet")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Confirm" })).toBeNull();
  }, 20_000);
});

describe("history", () => {
  it("keeps its filters in the address and asks the server for them", async () => {
    const user = userEvent.setup();
    const router = open("/project/1/runs");
    expect(await screen.findByRole("link", { name: /#9/ })).toHaveAttribute("href", "/project/1/tasks/9");
    await user.click(screen.getByLabelText("Failed"));
    await waitFor(() => expect(router.state.location.href).toContain("status=failed"));
    await waitFor(() => expect(calls.some((call) => call.search.getAll("status").join() === "error")).toBe(true));
    // The stub answers with a run that succeeded: it does not fit the filter.
    expect(await screen.findByText("No run fits these filters.")).toBeInTheDocument();
  }, 20_000);
});
