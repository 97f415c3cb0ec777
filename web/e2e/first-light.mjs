// From an empty data directory to a finished Ansible run, as a newcomer goes.
import { PASSWORD, check, fillSetup, looks, newPage, settled, shot, withBrowser } from "./browser.mjs";

const setupPath = process.env.SIGNALBOX_SETUP;

/** Picks an option of a select by the words a person reads. */
async function choose(page, label, option) {
  await page.getByRole("combobox", { name: label }).or(page.getByRole("textbox", { name: label })).first().click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });

  // Whoever opens the server is led to its set-up.
  await page.goto("/");
  await page.waitForURL("**/setup");
  await fillSetup(page, setupPath);
  await shot(page, "01-setup");
  await page.getByRole("button", { name: "Create administrator" }).click();

  // A demo project, and a look at its playbook running.
  await page.getByRole("button", { name: "Create a demo project" }).click();
  await page.waitForURL("**/templates");
  await page.getByRole("link", { name: "Run Ansible: say hello" }).waitFor();
  await shot(page, "02-templates");
  await page.getByRole("link", { name: "Run Ansible: say hello" }).click();
  await page.getByLabel("Who is visiting?").waitFor();
  await shot(page, "03-launch");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL("**/tasks/*");
  const ansible = page.url();
  await page.getByText("PLAY [").first().waitFor({ timeout: 60000 });
  await shot(page, "04-ansible-live");
  await page.getByText("Succeeded").first().waitFor({ timeout: 60000 });
  await page.getByText("PLAY RECAP").first().waitFor();
  await shot(page, "05-ansible-done");

  // Find, and a link to a line.
  await page.getByRole("button", { name: "Find in log" }).click();
  await page.getByRole("searchbox").or(page.getByPlaceholder(/find/i)).first().fill("recap");
  await page.getByText("1 of 1").first().waitFor();
  await page.goto(`${ansible}#L2`);
  await page.getByText("PLAY [").first().waitFor();

  // Run again from the run page.
  await page.getByRole("button", { name: "Run again" }).click();
  await page.waitForURL((url) => url.pathname.includes("/tasks/") && url.href !== ansible && !url.hash);
  await page.getByText("Succeeded").first().waitFor({ timeout: 60000 });

  // A key and a template with a question by hand, then a run of it.
  const project = new URL(ansible).pathname.match(/\/project\/(\d+)/)[1];
  await page.goto(`/project/${project}/keys`);
  await page.getByRole("button", { name: "New key" }).first().click();
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("textbox", { name: "Name" }).first().fill("Deploy account");
  await drawer.getByText("Login and password").click();
  await drawer.getByLabel("Login", { exact: true }).or(drawer.getByLabel("User name")).first().fill("deploy");
  await drawer.locator("input[type=password]").first().fill("hunter2-is-secret");
  await drawer.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "Deploy account" }).or(page.getByText("Deploy account")).first().waitFor();
  check(!(await page.content()).includes("hunter2"), "the secret is not on the page");

  await page.goto(`/project/${project}/templates/new`);
  await page.getByRole("textbox", { name: "Name" }).first().fill("Ask and look");
  await choose(page, "Program", "Bash Script");
  await choose(page, "Repository", "Demo");
  await page.getByRole("textbox", { name: "Script", exact: true }).fill("look-around.sh");
  await page.getByRole("button", { name: "Add a question" }).click();
  await page.getByRole("textbox", { name: "Question" }).fill("Which colour?");
  await page.getByRole("textbox", { name: "Variable", exact: true }).fill("colour");
  await shot(page, "06-new-template");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("/new"));
  await page.goto(`/project/${project}/templates`);
  await page.getByRole("link", { name: "Run Ask and look" }).click();
  await page.getByLabel("Which colour?").fill("teal");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL("**/tasks/*");
  await page.getByText("Succeeded").first().waitFor({ timeout: 60000 });

  // A run that is stopped.
  await page.goto(`/project/${project}/templates`);
  await page.getByRole("link", { name: "Run Python: count down" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL("**/tasks/*");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("Stopped").first().waitFor({ timeout: 30000 });
  await shot(page, "07-stopped");

  // The other pages, light and dark, desktop and phone, English and Russian.
  const pages = {
    overview: `/project/${project}`, runs: `/project/${project}/runs`, keys: `/project/${project}/keys`,
    repositories: `/project/${project}/repositories`, inventory: `/project/${project}/inventory`,
    variables: `/project/${project}/environment`, "new-template": `/project/${project}/templates/new`,
    settings: `/project/${project}/settings`, account: "/account", run: new URL(ansible).pathname,
  };
  const state = await context.storageState();
  problems.push(...await looks(browser, state, pages));
  const russian = await newPage(browser, { storageState: state, locale: "ru-RU" });
  await russian.page.goto(pages.overview);
  await russian.page.getByText("Шаблоны").first().waitFor();
  await settled(russian.page);
  check((await russian.page.getAttribute("html", "lang")) === "ru", "the page says that it is Russian");
  await shot(russian.page, "russian-overview");
  problems.push(...russian.problems);

  // Signing out and in again, with a wrong password between.
  await page.goto("/account");
  await context.clearCookies();
  await page.goto(pages.runs);
  await page.waitForURL("**/auth/login**");
  await page.getByLabel(/user name/i).fill("ada");
  await page.getByLabel("Password", { exact: true }).fill("wrong-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").first().waitFor();
  await shot(page, "08-wrong-password");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`**${pages.runs}**`);

  await page.goto("/swagger/");
  await page.getByText("variable groups").first().waitFor();
  await page.getByText("tasks", { exact: true }).first().click();
  await page.getByText("/project/").first().waitFor();

  check(problems.length === 0, problems.join("\n"));
});
console.log("first light: done");
