// Administration of users, and backups of a project: downloaded, with secrets, and restored.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD, check, fillSetup, looks, newPage, settled, shot, withBrowser } from "./browser.mjs";

const setupPath = process.env.SIGNALBOX_SETUP;
const out = process.env.SIGNALBOX_E2E_OUT;

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const dialog = page.getByRole("dialog");
  const gone = () => dialog.waitFor({ state: "detached" });
  const said = (text) => page.getByText(text).first().waitFor();

  await fillSetup(page, setupPath);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("link", { name: "Restore a project" }).waitFor();
  await shot(page, "people-start");
  await page.getByRole("button", { name: "Create a demo project" }).click();
  await page.waitForURL("**/templates");
  const project = new URL(page.url()).pathname.match(/\/project\/(\d+)/)[1];

  // A user: refused, created, changed, signed in, signed out from afar, disabled, deleted.
  await page.goto("/users");
  await page.getByRole("link", { name: "ada" }).waitFor();
  await page.getByRole("button", { name: "New user" }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Fill in this field.").first().waitFor();
  await shot(page, "people-refused");
  await dialog.getByRole("textbox", { name: "User name" }).fill("ada");
  await dialog.getByLabel("Full name").fill("Gus Guest");
  await dialog.getByRole("textbox", { name: "E-mail" }).fill("gus@example.org");
  await dialog.locator("input[data-path=password]").fill(PASSWORD);
  await dialog.getByRole("switch", { name: "Must choose another password" }).uncheck();
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText(/taken/).waitFor(); // said by the server, at its field
  await dialog.getByRole("textbox", { name: "User name" }).fill("gus");
  await dialog.getByRole("button", { name: "Create" }).click();
  await gone();
  await page.getByRole("link", { name: "gus" }).waitFor();

  const other = await newPage(browser, { colorScheme: "dark", locale: "ru-RU" });
  const signIn = async () => {
    await other.page.goto("/auth/login");
    await other.page.locator("input").first().fill("gus");
    await other.page.locator("input[type=password]").fill(PASSWORD);
    await other.page.keyboard.press("Enter");
  };
  await signIn();
  await other.page.waitForURL((url) => !url.pathname.startsWith("/auth"));
  await other.page.goto("/users");
  await other.page.getByText("Пользователями управляют только администраторы").waitFor();
  await shot(other.page, "people-forbidden");

  await page.getByRole("link", { name: "gus" }).click();
  await dialog.getByRole("list", { name: "Sessions" }).getByRole("listitem").first().waitFor();
  await shot(page, "people-user");
  await dialog.getByRole("button", { name: "End all sessions" }).click();
  await page.getByRole("dialog", { name: /Sign “gus” out/ }).getByRole("button", { name: "End all sessions" }).click();
  await dialog.getByText("Signed in nowhere.").waitFor();
  await dialog.getByRole("switch", { name: "Disabled" }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await gone();
  await page.getByRole("row", { name: /gus/ }).getByText("Disabled").waitFor();
  await signIn();
  await other.page.getByRole("alert").first().waitFor(); // a disabled user stays outside
  check(new URL(other.page.url()).pathname.startsWith("/auth"), "a disabled user cannot sign in");
  problems.push(...other.problems);
  await other.context.close();

  // A backup, and one with secrets.
  const save = async (click, name) => {
    const [file] = await Promise.all([page.waitForEvent("download"), click()]);
    await file.saveAs(join(out, name));
    return JSON.parse(readFileSync(join(out, name), "utf8"));
  };
  await page.goto(`/project/${project}/settings`);
  const plain = await save(() => page.getByRole("button", { name: "Download backup" }).click(), "plain.json");
  check(plain.meta.name === "Demo" && !plain.secrets, "a backup without secrets");
  await page.getByRole("button", { name: "Backup with secrets" }).click();
  await dialog.locator("input[data-path=passphrase]").fill("short");
  await dialog.getByRole("button", { name: "Download backup" }).click();
  await dialog.getByText("Use at least 10 characters.").waitFor();
  await dialog.locator("input[data-path=passphrase]").fill("open sesame, please");
  await dialog.getByLabel("Repeat the passphrase").fill("open sesame, please");
  await shot(page, "people-secrets");
  const whole = await save(() => dialog.getByRole("button", { name: "Download backup" }).click(), "secrets.json");
  check(whole.secrets !== undefined, "a backup with secrets");
  await gone();
  await page.getByRole("button", { name: "Remove copies of repositories" }).click();
  await said("Copies of the repositories were removed");

  // Restored: no backup, a mistake inside, a wrong passphrase, a new name, and warnings.
  await page.getByRole("button", { name: "Switch project" }).click();
  await page.getByRole("menuitem", { name: "Restore project" }).click();
  await page.waitForURL("**/projects/restore");
  const file = page.locator("input[type=file]");
  await file.setInputFiles({ name: "no.json", mimeType: "application/json", buffer: Buffer.from("[]") });
  await said("This file is not the backup of a project.");
  const broken = structuredClone(plain);
  broken.templates[0].repository = "Nowhere";
  writeFileSync(join(out, "broken.json"), JSON.stringify(broken));
  await file.setInputFiles(join(out, "broken.json"));
  await page.getByLabel("Name of the new project").waitFor();
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await said(/templates\[0\]\.repository/);
  await shot(page, "people-restore-broken");
  await file.setInputFiles(join(out, "secrets.json"));
  await page.locator("input[data-path=passphrase]").fill("not the passphrase");
  await page.getByLabel("Name of the new project").fill("Demo restored");
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await page.getByRole("alert").first().waitFor().catch(() => {});
  await shot(page, "people-restore-passphrase");
  await page.locator("input[data-path=passphrase]").fill("open sesame, please");
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await page.waitForURL(/\/project\/\d+$/);
  await page.getByRole("button", { name: "Switch project" }).getByText("Demo restored").waitFor();
  await settled(page);

  await page.goto("/users");
  await page.getByRole("button", { name: "More actions: gus", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await gone();
  await page.getByRole("link", { name: "gus" }).waitFor({ state: "detached" });

  problems.push(
    ...(await looks(
      browser,
      await context.storageState(),
      { users: "/users", "users-new": "/users?open=new", "users-own": "/users?open=1", settings: `/project/${project}/settings`, restore: "/projects/restore" },
      "people-",
    )),
  );
  check(problems.length === 0, problems.join("\n"));
});
console.log("people-and-backups: done");
