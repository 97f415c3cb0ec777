// Administration beside users: roles of all projects and of one, rights on a template, runners, API
// tokens, and the activity that all of it leaves; as an administrator, and as members with less.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD, check, fillSetup, hands, looks, newPage, settled, shot, signIn, withBrowser } from "./browser.mjs";

const setupPath = process.env.SIGNALBOX_SETUP;
const out = process.env.SIGNALBOX_E2E_OUT;

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const { call, dialog, gone, said, menu } = hands(page);
  const choose = async (within, label, option) => {
    await within.getByRole("combobox", { name: label }).or(within.getByRole("textbox", { name: label })).first().click();
    await page.getByRole("option", { name: option, exact: true }).click();
  };

  await fillSetup(page, setupPath);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("button", { name: "Create a demo project" }).click();
  await page.waitForURL("**/templates");
  const project = Number(new URL(page.url()).pathname.match(/\/project\/(\d+)/)[1]);
  const at = `/project/${project}`;
  const [template] = await call("GET", `${at}/templates`);
  const addUser = async (username, name, role) => {
    const user = await call("POST", "/users", { username, name, email: `${username}@example.org`, password: PASSWORD, admin: false });
    await call("POST", `${at}/users`, { user_id: user.id, role });
    return user;
  };

  // A role of all projects: refused, created, renamed.
  await page.goto("/roles");
  await page.getByRole("row", { name: /Owner/ }).waitFor();
  await page.getByRole("button", { name: "New role" }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Fill in this field.").first().waitFor();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Owner");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("This name is that of a built-in role").waitFor();
  await shot(page, "administration-role-refused");
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Night shift");
  check((await dialog.getByLabel("Short name").inputValue()) === "night-shift", "the short name follows the name");
  await dialog.getByLabel("manage resources").check();
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await page.getByRole("link", { name: "Night shift" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Late shift");
  // Somebody else is faster: the change is held back, not lost and not forced through.
  await call("PUT", "/roles/night-shift", { name: "Early shift", permissions: 1 });
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Somebody else changed this in the meantime.").waitFor();
  await page.goto("/roles?role=night-shift");
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Late shift");
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  const [late] = await call("GET", "/roles");
  check(late.name === "Late shift" && late.slug === "night-shift" && late.permissions === 1, `the role is ${JSON.stringify(late)}`);

  // Roles of the project, from its team; one that is used stays.
  await page.goto(`${at}/team`);
  await page.getByRole("navigation", { name: "Team" }).getByRole("link", { name: "Roles" }).click();
  await page.getByRole("row", { name: /Late shift/ }).getByText("all projects").waitFor();
  check((await page.getByRole("button", { name: "More actions: Late shift" }).count()) === 0, "roles of all projects are changed elsewhere");
  await page.getByRole("button", { name: "New role" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Deployers");
  await dialog.getByLabel("run", { exact: true }).uncheck();
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  const dee = await addUser("dee", "Dee Ployer", "deployers");
  await addUser("gus", "Gus Guest", "guest");
  await menu("Deployers", "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.getByText("Change or delete these first:").waitFor();
  await dialog.getByRole("link", { name: "dee" }).waitFor();
  await shot(page, "administration-role-used");
  await dialog.getByRole("button", { name: "Close" }).last().click();

  // Rights on one template.
  await page.goto(`${at}/templates/${template.id}/perms`); // the peer's address
  await page.getByText("No role has rights of its own on this template").waitFor();
  await page.getByRole("button", { name: "Give rights" }).click();
  await choose(dialog, "Role", "Deployers");
  await dialog.getByRole("button", { name: "Give rights" }).click();
  await gone();
  const rights = page.getByRole("list", { name: "Rights on this template" });
  await rights.getByText("run", { exact: true }).waitFor();
  await menu("Deployers", "Edit");
  await dialog.getByLabel("change the template").check();
  await shot(page, "administration-rights-form");
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  await rights.getByText("run, change the template").waitFor();
  const [row] = await call("GET", `${at}/templates/${template.id}/perms`);
  check(row.role_slug === "deployers" && row.permissions === 5, `the rights are ${JSON.stringify(row)}`);

  // A runner of the server: refused, created with its secrets, changed, switched off, its caches.
  await page.goto("/runners");
  await page.getByText("No runners yet").waitFor();
  await page.getByText("gives them no tasks yet").waitFor();
  await shot(page, "administration-runners-empty");
  await page.getByRole("button", { name: "New runner" }).first().click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("edge-1");
  await dialog.getByLabel("Webhook").fill("edge/wake");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Use a web address").waitFor();
  await dialog.getByLabel("Webhook").fill("https://edge.example.org/wake");
  await dialog.getByRole("combobox", { name: "Tags" }).or(dialog.getByRole("textbox", { name: "Tags" })).first().fill("eu");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("It is not shown again").waitFor();
  await shot(page, "administration-runner-secrets");
  const [key] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Save as a file" }).click()]);
  await key.saveAs(join(out, "runner.key.pem"));
  check(readFileSync(join(out, "runner.key.pem"), "utf8").startsWith("-----BEGIN RSA PRIVATE KEY-----"), "the key is a key");
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  await gone();
  await page.getByRole("row", { name: /edge-1/ }).getByText("never seen").waitFor();
  await page.getByRole("link", { name: "edge-1" }).click();
  await dialog.getByRole("textbox", { name: "Tasks at the same time" }).fill("4");
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  await menu("edge-1", "Empty the caches");
  await page.getByRole("row", { name: /edge-1/ }).getByText("caches to be emptied").waitFor();
  await page.getByRole("switch", { name: "Active: edge-1" }).press("Space");
  await page.getByRole("row", { name: /edge-1/ }).getByText("off", { exact: true }).waitFor();
  const [edge] = await call("GET", "/runners");
  check(edge.max_parallel_tasks === 4 && edge.active === false && edge.tags[0] === "eu", `the runner is ${JSON.stringify(edge)}`);

  // A runner of the project that registers itself; those of the server are only looked at there.
  await page.goto(`${at}/runners`);
  await page.getByRole("link", { name: "edge-1" }).click();
  check(await dialog.getByRole("textbox", { name: "Name", exact: true }).isDisabled(), "runners of the server are changed elsewhere");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await gone();
  await page.getByRole("button", { name: "New runner" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("shop floor");
  await dialog.getByText("It registers itself").click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByRole("button", { name: "Make a one-time token" }).click();
  await dialog.getByText("It is not shown again").waitFor();
  await shot(page, "administration-runner-registration");
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  await gone();
  await page.getByRole("row", { name: /shop floor/ }).getByText("not registered").waitFor();
  const shop = (await call("GET", `${at}/runners`)).find((r) => r.name === "shop floor");
  await page.goto("/runners");
  await page.getByRole("link", { name: "shop floor" }).click();
  await page.waitForURL(`**${at}/runners?open=${shop.id}`);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await gone();

  // A token for one project until a day.
  await page.goto("/account");
  await page.getByLabel("Name of the new token").fill("ci");
  await choose(page, "In the projects", "Demo");
  await page.keyboard.press("Escape");
  await choose(page, "May be used to", "run tasks");
  await page.keyboard.press("Escape");
  await choose(page, "Expires", "on a day of your choice");
  await page.getByLabel("Last day").fill("2001-02-03");
  await page.getByRole("button", { name: "Create token" }).click();
  await said("This day is over.");
  await page.getByLabel("Last day").fill("2031-02-03");
  await page.getByRole("button", { name: "Create token" }).click();
  await said("Copy the token now.");
  await page.getByRole("list", { name: "API tokens" }).getByText("run tasks · Demo").waitFor();
  await shot(page, "administration-tokens");
  const token = (await call("GET", "/user/tokens")).find((t) => t.name === "ci");
  check(token.projects.length === 1 && token.projects[0] === project && token.scopes[0] === "run", `the token is ${JSON.stringify(token)}`);

  // A member with rights on one template, and a guest.
  const other = await newPage(browser, { colorScheme: "dark", locale: "en-GB" });
  await signIn(other.page, "dee");
  await other.page.goto(`${at}/templates/${template.id}`);
  await other.page.getByRole("link", { name: "Run", exact: true }).waitFor();
  await other.page.goto(`${at}/templates/${template.id}/permissions`);
  await other.page.getByText("Those who manage members of the project change this.").waitFor();
  check((await other.page.getByRole("button", { name: "Give rights" }).count()) === 0, "members give no rights");
  await other.page.goto(`${at}/roles`);
  await other.page.getByRole("row", { name: /Deployers/ }).waitFor();
  check((await other.page.getByRole("button", { name: "New role" }).count()) === 0, "members make no roles");
  for (const path of ["/roles", "/runners", "/audit"]) {
    await other.page.goto(path);
    await other.page.getByText("Only administrators see this").waitFor();
  }
  await shot(other.page, "administration-forbidden");
  const refused = await other.page.request.get("/api/roles");
  check(refused.status() === 403, "the server refuses, too");
  await other.page.goto(`${at}/runners`);
  await other.page.getByRole("link", { name: "shop floor" }).waitFor();
  check(await other.page.getByRole("switch", { name: "Active: shop floor" }).isDisabled(), "members only look at runners");
  const denied = await other.page.request.post(`/api${at}/keys`, { data: { project_id: project, name: "x", type: "none" } });
  check(denied.status() === 403, "the server refuses a key");
  await other.page.goto(`${at}/activity`); // the peer's address
  await other.page.getByText("Those who manage its members also see from where").waitFor();
  await other.page.getByRole("list", { name: "Activity" }).getByRole("listitem").first().waitFor();
  check((await other.page.getByRole("link", { name: "Export" }).count()) === 0, "members export nothing");
  check(!(await other.page.getByRole("list", { name: "Activity" }).innerText()).includes("127.0.0.1"), "members do not see from where");
  await shot(other.page, "administration-activity-member");
  problems.push(...other.problems);
  await other.context.close();

  // The activity: what changed, filters in the address, refusals, the export.
  await page.goto("/audit");
  const events = page.getByRole("list", { name: "Activity" });
  const lines = events.getByRole("listitem");
  await choose(page, "Any object", "Runner");
  await page.waitForURL("**type=runner*");
  await settled(page);
  await page.getByRole("button", { name: "Details: Runner edge-1 updated" }).click();
  await page.getByRole("table", { name: "Changed fields" }).getByRole("row", { name: /Max parallel tasks 0 4/ }).waitFor();
  await shot(page, "administration-activity-changes");
  await page.getByRole("link", { name: "all about it" }).click();
  await page.waitForURL("**object=*");
  await page.getByText(`Object no. ${edge.id}`).waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await choose(page, "Any outcome", "Refused");
  await events.getByText(/Refused: POST/).first().waitFor();
  await choose(page, "Anybody", "dee");
  await page.waitForURL(`**user=${dee.id}*`);
  await events.getByText(/Refused: POST/).first().waitFor();
  check((await events.getByText("ada", { exact: true }).count()) === 0, "only what dee did");
  await page.getByLabel("Find in the activity").fill("/keys");
  await page.waitForURL("**q=*");
  await page.waitForFunction(() => document.querySelectorAll("ol > li").length === 1);
  await shot(page, "administration-activity-filtered");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
  await file.saveAs(join(out, "audit.ndjson"));
  const exported = readFileSync(join(out, "audit.ndjson"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  check(exported.length === 1 && exported[0].outcome === "denied" && exported[0].username === "dee", `exported ${JSON.stringify(exported)}`);
  await page.getByLabel("From this day").focus();
  await page.keyboard.type("02032030"); // digit by digit, as people do
  await page.waitForURL("**since=2030-*");
  await page.getByText("Nothing matches").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await lines.nth(5).waitFor();
  await page.getByLabel("Find in the activity").fill("no such thing anywhere");
  await page.getByText("Nothing matches").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await lines.nth(5).waitFor();

  // By keyboard: to a line, open it, and back to the filter.
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await events.locator("[aria-expanded=true]").waitFor();
  await page.keyboard.press("/");
  check(await page.getByLabel("Find in the activity").evaluate((e) => e === document.activeElement), "the slash leads to the filter");

  // What is not needed any more goes.
  await page.goto(`${at}/templates/${template.id}/permissions`);
  await menu("Deployers", "Remove");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("No role has rights of its own on this template").waitFor();
  await call("POST", `${at}/templates/${template.id}/perms`, { role_slug: "deployers", permissions: 1 });
  await page.goto(`${at}/runners`);
  await menu("shop floor", "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await gone();
  await page.getByRole("link", { name: "shop floor" }).waitFor({ state: "detached" });

  const pages = {
    audit: "/audit", "audit-project": `${at}/audit`, roles: "/roles", "roles-project": `${at}/roles`, "role-form": "/roles?role=night-shift",
    rights: `${at}/templates/${template.id}/permissions`, runners: "/runners", "runner-form": `/runners?open=${edge.id}`,
    "runners-project": `${at}/runners`, "runner-new": `${at}/runners?open=new`, team: `${at}/team`, account: "/account",
  };
  problems.push(...await looks(browser, await context.storageState(), pages, "administration-", {
    before: async (seen, name) => {
      if (name === "audit") await seen.getByRole("button", { name: /: Runner edge-1 updated/ }).first().click();
      if (name === "account") await seen.getByRole("button", { name: /Create token|Создать токен/ }).scrollIntoViewIfNeeded();
    },
    options: { "phone-dark": { locale: "ru-RU" } },
  }));
  check(problems.length === 0, problems.join("\n"));
});
console.log("administration: done");
