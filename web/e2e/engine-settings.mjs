// Pages of the engine's settings: sign-ins of hosts, workspaces of a template, options of Galaxy,
// further variables, and the versions of programs; by an administrator, and by a guest who looks.
import { PASSWORD, check, fillSetup, hands, looks, newPage, settled, shot, signIn, withBrowser } from "./browser.mjs";

const setupPath = process.env.SIGNALBOX_SETUP;

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const { call, dialog, gone, said, menu } = hands(page);

  await fillSetup(page, setupPath);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("button", { name: "Create a demo project" }).click();
  await page.waitForURL("**/templates");
  const project = new URL(page.url()).pathname.match(/\/project\/(\d+)/)[1];
  const templates = await call("GET", `/project/${project}/templates`);
  const playbook = templates.find((t) => t.app === "ansible");
  const token = await call("POST", `/project/${project}/keys`, {
    project_id: Number(project), name: "Git token", type: "login_password", login_password: { login: "git", password: "hush" },
  });

  // Sign-ins of hosts: none, refused, created, changed, deleted.
  const hosts = `/project/${project}/host_configs`;
  await page.goto(hosts);
  await page.getByText("No host sign-ins yet").waitFor();
  await settled(page);
  await shot(page, "settings-hosts-empty");
  await page.getByRole("button", { name: "New host sign-in" }).first().click();
  await dialog.getByText("The project has no SSH key yet").waitFor();
  await dialog.getByText("Web addresses", { exact: true }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("This field is required").or(dialog.getByText("Required")).or(dialog.getByText("Fill in")).first().waitFor();
  await dialog.getByLabel("Beginning of the address").fill("https://git.example.com/team#x");
  await dialog.getByRole("combobox", { name: "Key" }).or(dialog.getByRole("textbox", { name: "Key" })).first().click();
  await page.getByRole("option", { name: "Git token" }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText(/must end with its path/).waitFor(); // said by the server, at its field
  await shot(page, "settings-hosts-refused");
  await dialog.getByLabel("Beginning of the address").fill("https://git.example.com/team");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await page.getByRole("link", { name: "https://git.example.com/team" }).click();
  await dialog.getByLabel("Beginning of the address").fill("https://git.example.com");
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  await page.getByRole("link", { name: "https://git.example.com", exact: true }).waitFor();
  await call("POST", `/project/${project}/host_configs`, { project_id: Number(project), type: "url", host: "https://modules.example.com/registry", ssh_key_id: token.id });
  await page.reload();
  await menu("https://modules.example.com/registry", "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await gone();
  await page.getByRole("link", { name: "https://modules.example.com/registry" }).waitFor({ state: "detached" });
  const [config] = await call("GET", `/project/${project}/host_configs`);
  check(config.host === "https://git.example.com", `the sign-in is for ${config.host}`);

  // Options of Galaxy and further variables, in the form and at launch.
  const form = `/project/${project}/templates/${playbook.id}/edit`;
  await page.goto(form);
  await page.getByText("Galaxy requirements", { exact: true }).first().click();
  await page.getByRole("combobox", { name: "Arguments for collections" }).fill("--pre");
  await page.keyboard.press("Enter");
  await page.getByLabel("Leaving out Galaxy requirements").check();
  await page.getByLabel("Variables beyond the survey").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(`**/templates/${playbook.id}`);
  const saved = await call("GET", `/project/${project}/templates/${playbook.id}`);
  check(saved.allow_override_environment_in_task === true, "the template lets runs set variables");
  check(JSON.stringify(saved.task_params.galaxy_collection_args) === '["--pre"]', `task_params are ${JSON.stringify(saved.task_params)}`);
  const launch = `/project/${project}/templates/${playbook.id}/run`;
  await page.goto(launch);
  await page.getByLabel("Further variables").fill("[1]");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await said("This must be a JSON object");
  await page.getByLabel("Further variables").fill('{"greeting": "hello", "big": 12345678901234567890}');
  await page.getByLabel("Leave out Galaxy requirements").check();
  await shot(page, "settings-launch");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL("**/tasks/*");
  const task = await call("GET", new URL(page.url()).pathname.replace(/^.*(\/project\/)/, "$1"));
  check(task.environment.includes("12345678901234567890"), `the run has ${task.environment}`);
  check(task.params.skip_galaxy_install === true, "the run leaves requirements out");

  // Workspaces of a template.
  const none = (await call("GET", `/project/${project}/keys`)).find((k) => k.type === "none");
  const repository = await call("POST", `/project/${project}/repositories`, {
    project_id: Number(project), name: "Servers", git_url: "/srv", git_branch: "", ssh_key_id: none.id,
  });
  const tofu = (name) => call("POST", `/project/${project}/templates`, {
    project_id: Number(project), name, app: "tofu", playbook: "", repository_id: repository.id, arguments: "[]", task_params: {},
  });
  const servers = await tofu("Servers");
  const others = await tofu("Other servers");
  const workspaces = `/project/${project}/templates/${servers.id}`;
  const list = page.getByRole("list", { name: "Workspaces" });
  await page.goto(`${workspaces}/workspaces`); // the peer's address
  await list.getByText("Default", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Add workspace" }).click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("two words");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Use a name without spaces").waitFor();
  await shot(page, "settings-workspace-form");
  await dialog.getByRole("textbox", { name: "Name for the program" }).fill("prod");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await list.getByText("two words").waitFor();
  await menu("two words", "Make it the default");
  await said("Runs now use two words");
  await menu("default", "Detach");
  await said("default detached");
  check((await list.getByRole("listitem").count()) === 1, "one workspace is left");
  const read = await call("GET", `/project/${project}/templates/${servers.id}`);
  const [prod] = await call("GET", `/project/${project}/inventory?template_id=${servers.id}`);
  check(read.inventory_id === prod.id && prod.inventory === "prod" && prod.type === "tofu-workspace", `the default is ${JSON.stringify(prod)}`);
  await page.getByRole("button", { name: "Add workspace" }).click();
  await dialog.getByText("Attach one", { exact: true }).click();
  await dialog.getByRole("combobox", { name: "Workspace" }).or(dialog.getByRole("textbox", { name: "Workspace" })).first().click();
  await page.getByRole("option", { name: "default" }).click();
  await dialog.getByRole("button", { name: "Attach" }).click();
  await gone();
  await list.getByText("default", { exact: true }).waitFor();

  // At launch the template's own workspaces are offered, and the state may be migrated.
  await page.goto(`${workspaces}/run`);
  await page.getByRole("combobox", { name: "Workspace" }).or(page.getByRole("textbox", { name: "Workspace" })).first().click();
  check((await page.getByRole("option").count()) === 2, "both workspaces are offered");
  await page.getByRole("option", { name: "default" }).click();
  await page.getByLabel("Migrate the state").check();
  await page.getByLabel("Reconfigure the backend").check();
  check(await page.getByLabel("Migrate the state").isDisabled(), "there is nothing to copy from a forgotten backend");
  await page.goto(`/project/${project}/templates/${others.id}/run`);
  await page.getByLabel("Migrate the state").waitFor();
  check((await page.getByLabel("Workspace", { exact: true }).count()) === 0, "one workspace is no choice");

  // Versions of programs, asked while the page is open.
  await page.goto("/apps");
  await page.getByRole("row", { name: /Bash/ }).getByText(/^\d+\.\d+/).waitFor({ timeout: 60000 });
  const apps = await call("GET", "/apps");
  const bash = apps.find((a) => a.id === "bash");
  check(/^\d+\.\d+/.test(bash.version) && bash.path_found.endsWith("/bash"), `bash is ${JSON.stringify(bash)}`);
  await page.getByRole("row", { name: /Ansible/ }).getByText(/^\d+\.\d+/).waitFor({ timeout: 60000 });

  // A guest reads all of it and changes none.
  await call("POST", "/users", { username: "gus", name: "Gus Guest", email: "gus@example.org", password: PASSWORD, admin: false });
  const gus = (await call("GET", "/users")).find((u) => u.username === "gus");
  await call("POST", `/project/${project}/users`, { user_id: gus.id, role: "guest" });
  const guest = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  await signIn(guest.page, "gus");
  await guest.page.goto(hosts);
  await guest.page.getByRole("link", { name: "https://git.example.com" }).waitFor();
  check((await guest.page.getByRole("button", { name: "New host sign-in" }).count()) === 0, "guests create no sign-ins");
  await guest.page.getByRole("link", { name: "https://git.example.com" }).click();
  check(await guest.page.getByRole("dialog").getByLabel("Beginning of the address").isDisabled(), "guests only read");
  await shot(guest.page, "settings-guest");
  await guest.page.goto(workspaces);
  await guest.page.getByRole("list", { name: "Workspaces" }).waitFor();
  check((await guest.page.getByRole("button", { name: "Add workspace" }).count()) === 0, "guests add no workspaces");
  check((await guest.page.getByRole("button", { name: "More actions: default" }).count()) === 0, "guests change no workspaces");
  problems.push(...guest.problems);
  await guest.context.close();

  const pages = {
    hosts, "hosts-form": `${hosts}?open=${config.id}`, form, launch, workspaces, "workspaces-launch": `${workspaces}/run`, apps: "/apps",
  };
  problems.push(...await looks(browser, await context.storageState(), pages, "settings-", {
    before: async (seen, name) => {
      if (name === "form") await seen.locator("details").first().scrollIntoViewIfNeeded();
    },
    options: { "phone-dark": { locale: "ru-RU" } },
  }));
  check(problems.length === 0, problems.join("\n"));
});
console.log("engine-settings: done");
