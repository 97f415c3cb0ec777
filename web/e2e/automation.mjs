// Schedules and integrations: made, checked by the server while typing, switched, edited against
// somebody else, deleted; by an administrator, and by a guest who looks.
import { PASSWORD, check, fillSetup, looks, newPage, settled, shot, withBrowser } from "./browser.mjs";

const setupPath = process.env.SIGNALBOX_SETUP;
const options = { colorScheme: "light", locale: "en-GB", timezoneId: "Europe/Berlin" };

/** Calls the API with the session of a page. */
const caller = (page) => async (method, path, data) => {
  const answer = await page.request.fetch(`/api${path}`, { method, data });
  check(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
};

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, options);
  const call = caller(page);
  const dialog = page.getByRole("dialog");
  const gone = () => page.waitForFunction(() => !document.querySelector('[role="dialog"]'));
  const said = (text) => page.getByText(text).first().waitFor();
  const menu = async (name, item) => {
    await page.getByRole("button", { name: `More actions: ${name}`, exact: true }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  const field = (name) => dialog.getByRole("combobox", { name, exact: true }).or(dialog.getByRole("textbox", { name, exact: true })).first();
  const choose = async (name, option) => {
    await field(name).click();
    await page.getByRole("option", { name: option, exact: true }).click();
  };

  await fillSetup(page, setupPath);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("button", { name: "Create a demo project" }).click();
  await page.waitForURL("**/templates");
  const project = new URL(page.url()).pathname.match(/\/project\/(\d+)/)[1];
  const api = `/project/${project}`;
  const [first] = await call("GET", `${api}/repositories`);
  const template = await call("POST", `${api}/templates`, {
    project_id: Number(project), name: "Clean up", app: "bash", playbook: "site.sh", repository_id: first.id, arguments: "[]", task_params: {},
    survey_vars: [
      { name: "DAYS", title: "Older than, in days", type: "int", required: true },
      { name: "PIN", title: "Pin", type: "secret" },
    ],
  });
  const key = await call("POST", `${api}/keys`, {
    project_id: Number(project), name: "Hook secret", type: "login_password", login_password: { login: "hook", password: "hush" },
  });

  // Schedules: none, refused here and by the server, made.
  const schedules = `/project/${project}/schedule`;
  await page.goto(schedules);
  await page.getByText("No schedules yet").waitFor();
  await said("This version stores schedules but does not start them yet.");
  await settled(page);
  await shot(page, "automation-schedules-empty");
  await page.getByRole("button", { name: "New schedule" }).first().click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Please check the marked fields.").waitFor();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Nightly");
  await choose("Template", "Clean up");
  await dialog.getByText("Secret answers cannot be kept here: PIN").waitFor();
  check((await dialog.getByLabel("Pin").count()) === 0, "secrets are not asked for");
  const expression = dialog.getByRole("textbox", { name: "Cron expression" });
  await expression.fill("99 3 * * *");
  await dialog.getByText("minute: 99 is not from 0 to 59").first().waitFor(); // said by the server while typing
  await shot(page, "automation-schedule-refused");
  await choose("How often", "Every week");
  check((await expression.inputValue()) === "0 3 * * 1", `the choice wrote ${await expression.inputValue()}`);
  await dialog.getByLabel("Time of day").fill("04:30");
  await field("Time zone").fill("tokyo");
  await page.getByRole("option", { name: "Asia/Tokyo" }).click();
  check((await expression.inputValue()) === "CRON_TZ=Asia/Tokyo 30 4 * * 1", `the expression is ${await expression.inputValue()}`);
  const times = dialog.getByRole("table");
  await times.getByRole("columnheader", { name: "Asia/Tokyo" }).waitFor();
  check((await times.getByRole("row").count()) === 6, "five runs are shown");
  check((await times.getByRole("row").nth(1).innerText()).includes("04:30"), "the schedule's own time is shown");
  await dialog.getByLabel("Older than, in days").fill("seven");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Enter a whole number.").waitFor();
  await dialog.getByLabel("Older than, in days").fill("7");
  await shot(page, "automation-schedule-form");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  const [nightly] = await call("GET", `${api}/schedules`);
  check(nightly.cron_format === "CRON_TZ=Asia/Tokyo 30 4 * * 1" && nightly.task_params.environment === '{"DAYS":7}', `stored ${JSON.stringify(nightly)}`);
  const row = page.getByRole("row", { name: /Nightly/ });
  await row.getByText("Every week on Monday at 04:30").waitFor();
  await row.getByText("Asia/Tokyo").last().waitFor();

  // The switch: at once, back again when the server refuses, and for good.
  const active = page.getByRole("switch", { name: "Nightly: switched on" });
  await page.route("**/active", (route) => route.fulfill({ status: 403, json: { error: "not today" } }));
  await active.press("Space");
  await said("not today");
  check(await active.isChecked(), "a refused switch goes back");
  await page.unroute("**/active");
  await page.getByRole("alert").getByRole("button").first().click();
  await active.press("Space");
  await row.getByText("switched off").waitFor();
  check((await call("GET", `${api}/schedules/${nightly.id}`)).active === false, "the schedule is off");
  await active.press("Space");
  await row.getByText("Asia/Tokyo").last().waitFor();

  // Edited, but not over what somebody else has changed meanwhile.
  await page.getByRole("link", { name: "Nightly" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Mine");
  const stored = await call("GET", `${api}/schedules/${nightly.id}`);
  delete stored.next_run;
  await call("PUT", `${api}/schedules/${nightly.id}`, { ...stored, name: "Theirs" });
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Somebody else changed this in the meantime.").waitFor();
  await shot(page, "automation-schedule-conflict");
  page.once("dialog", (question) => void question.accept());
  await dialog.getByRole("button", { name: "Load the current version" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("input")].some((i) => i.value === "Theirs"));
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Every Monday");
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  const edited = await call("GET", `${api}/schedules/${nightly.id}`);
  check(edited.name === "Every Monday" && edited.task_params.environment === '{"DAYS":7}', `after editing it is ${JSON.stringify(edited)}`);

  // On the page of the template: once, and on new commits, which the list leaves out.
  const page2 = `/project/${project}/templates/${template.id}`;
  await page.goto(page2);
  const card = page.getByRole("list", { name: "Schedules" });
  await card.getByText("Every Monday").waitFor();
  await page.getByRole("button", { name: "New schedule" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("New Year");
  await dialog.getByText("Once", { exact: true }).click();
  await dialog.getByLabel("Date and time").fill("2098-12-31T23:30");
  await dialog.getByLabel("Delete after the run").check();
  await dialog.getByLabel("Older than, in days").fill("365");
  await dialog.getByRole("table").getByText(/Dec 31, 2098/).first().waitFor();
  await shot(page, "automation-schedule-once");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await page.getByRole("button", { name: "New schedule" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Pushes");
  await dialog.getByText("On new commits", { exact: true }).click();
  await choose("How often", "Every few minutes");
  await dialog.getByLabel("Older than, in days").fill("1");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await card.getByText(/New commits of/).waitFor();
  const made = await call("GET", `${api}/templates/${template.id}/schedules`);
  const once = made.find((s) => s.name === "New Year");
  check(once.type === "run_at" && once.run_at === "2098-12-31T22:30:00Z" && once.delete_after_run, `once is ${JSON.stringify(once)}`);
  const pushes = made.find((s) => s.name === "Pushes");
  check(pushes.repository_id === first.id && pushes.cron_format === "*/15 * * * *", `the one for commits is ${JSON.stringify(pushes)}`);
  await shot(page, "automation-template");

  // A link to the one that the list leaves out leads to its template.
  await page.goto(`${schedules}?open=${pushes.id}`);
  await page.waitForURL(`**/templates/${template.id}?open=${pushes.id}`);
  await dialog.getByText("Looks for new commits").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await gone();

  // What is typed is not lost unasked, and the keyboard is enough to get rid of one.
  await page.goto(schedules);
  await page.getByRole("link", { name: "New Year" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Changed");
  await page.keyboard.press("Escape");
  await page.getByText("Leave without saving?").waitFor();
  await page.getByRole("button", { name: "Discard changes" }).click();
  await gone();
  await menu("New Year", "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await gone();
  await page.getByRole("link", { name: "New Year" }).waitFor({ state: "detached" });
  await page.locator("[data-filter]").fill("monday");
  await said("1 entry");
  await page.locator("[data-filter]").fill("");

  // Integrations: none, made, with a matcher, a value and addresses.
  const integrations = `/project/${project}/integrations`;
  await page.goto(integrations);
  await page.getByText("No integrations yet").waitFor();
  await said("This version stores integrations but does not answer calls to their addresses yet.");
  await settled(page);
  await shot(page, "automation-integrations-empty");
  await page.getByRole("button", { name: "New integration" }).first().click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Pushes to main");
  await choose("Template", "Clean up");
  await choose("Callers prove themselves by", "Token in a header");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Enter the name of a header").waitFor();
  await dialog.getByRole("textbox", { name: "Header" }).fill("X-Token");
  await choose("Key", "Hook secret");
  await dialog.getByLabel("Reached through the addresses of the project").check();
  await shot(page, "automation-integration-form");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.waitForURL(/\/integrations\/\d+$/);
  await page.getByRole("heading", { level: 1, name: "Pushes to main" }).waitFor();
  const one = new URL(page.url()).pathname;
  const path = one.replace(/^.*(\/project\/)/, "$1");
  await page.getByText("No matchers yet: no call starts this integration.").waitFor();
  await page.getByRole("button", { name: "New matcher" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("main only");
  await dialog.getByRole("textbox", { name: "Path in the JSON" }).fill("ref");
  await dialog.getByRole("textbox", { name: "Value" }).fill("refs/heads/main");
  await shot(page, "automation-matcher-form");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await page.getByRole("list", { name: "Matchers" }).getByText("refs/heads/main").waitFor();
  await page.getByRole("button", { name: "main only", exact: true }).click();
  await choose("Comparison", "contains");
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  await page.getByRole("button", { name: "New value" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("days");
  await dialog.getByText("Header", { exact: true }).click();
  await dialog.getByRole("textbox", { name: "Name of the header" }).fill("X-Days");
  await dialog.getByRole("textbox", { name: "Name of the variable or parameter" }).fill("DAYS");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await page.getByRole("list", { name: "Extracted values" }).getByText("X-Days").waitFor();
  const [matcher] = await call("GET", `${path}/matchers`);
  const [value] = await call("GET", `${path}/values`);
  check(matcher.method === "contains" && matcher.key === "ref" && matcher.body_data_type === "json", `the matcher is ${JSON.stringify(matcher)}`);
  check(value.value_source === "header" && value.key === "X-Days" && value.variable === "DAYS", `the value is ${JSON.stringify(value)}`);

  // Own addresses count when it is not reached through those of the project.
  check((await page.getByRole("button", { name: "New address" }).count()) === 0, "it is reached through the project");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await dialog.getByLabel("Reached through the addresses of the project").uncheck();
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  await page.getByRole("button", { name: "New address" }).click();
  const address = page.getByRole("list", { name: "Addresses" }).getByText(/\/api\/integrations\/[0-9a-f]{16}$/);
  await address.waitFor();
  await page.getByRole("button", { name: /^Copy: / }).click();
  await page.getByRole("button", { name: /^Copy: / }).getByText("Copied").waitFor();
  await settled(page);
  await shot(page, "automation-integration");
  await page.goto(integrations);
  await page.getByRole("button", { name: "New address" }).click();
  await page.getByRole("list", { name: "Addresses" }).getByText(/[0-9a-f]{16}$/).waitFor();
  check((await call("GET", `${api}/integrations/aliases`)).length === 1, "the project has an address");
  await page.getByRole("button", { name: /^Delete: / }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("No addresses yet.").waitFor();

  // What uses a key is named and leads there.
  await page.goto(`/project/${project}/keys`);
  await menu("Hook secret", "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.getByRole("link", { name: "Pushes to main" }).click();
  await page.getByRole("heading", { level: 1, name: "Pushes to main" }).waitFor();

  // A guest reads, sees no addresses and changes nothing.
  await call("POST", "/users", { username: "gus", name: "Gus Guest", email: "gus@example.org", password: PASSWORD, admin: false });
  const gus = (await call("GET", "/users")).find((u) => u.username === "gus");
  await call("POST", `${api}/users`, { user_id: gus.id, role: "guest" });
  const guest = await newPage(browser, options);
  await guest.page.goto("/auth/login");
  await guest.page.getByLabel(/user name/i).first().fill("gus");
  await guest.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await guest.page.keyboard.press("Enter");
  await guest.page.waitForURL((url) => !url.pathname.startsWith("/auth"));
  await guest.page.goto(schedules);
  await guest.page.getByRole("link", { name: "Every Monday" }).waitFor();
  check(await guest.page.getByRole("switch").first().isDisabled(), "guests switch nothing");
  check((await guest.page.getByRole("button", { name: "New schedule" }).count()) === 0, "guests make no schedules");
  await guest.page.getByRole("link", { name: "Every Monday" }).click();
  await guest.page.getByRole("dialog").getByRole("table").waitFor();
  check(await guest.page.getByRole("dialog").getByRole("textbox", { name: "Cron expression" }).isDisabled(), "guests only read");
  await shot(guest.page, "automation-guest-schedule");
  await guest.page.goto(one);
  await guest.page.getByText("Only those who may change resources see the addresses.").waitFor();
  check((await guest.page.getByRole("button", { name: /New|Edit|Delete/ }).count()) === 0, "guests change no integrations");
  await shot(guest.page, "automation-guest-integration");
  problems.push(...guest.problems);
  await guest.context.close();

  const pages = {
    schedules, schedule: `${schedules}?open=${nightly.id}`, template: page2, integrations, integration: one,
    "integration-form": `${one}?part=settings&open=${path.split("/").at(-1)}`, matcher: `${one}?part=matchers&open=${matcher.id}`,
  };
  problems.push(...await looks(browser, await context.storageState(), pages, "automation-", {
    before: async (seen, name) => {
      if (name === "schedule") await seen.getByRole("dialog").getByRole("table").waitFor();
    },
    options: { "phone-dark": { locale: "ru-RU" } },
  }));

  // Gone with all that belongs to it.
  await page.goto(one);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.waitForURL("**/integrations");
  await page.getByText("No integrations yet").waitFor();
  check((await call("GET", `${api}/integrations`)).length === 0, "the integration is gone");
  await call("DELETE", `${api}/keys/${key.id}`);
  check(problems.length === 0, problems.join("\n"));
});
console.log("automation: done");
