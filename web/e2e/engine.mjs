// What the execution engine shows: hosts by tasks, what a run executes, and, with OpenTofu, a plan
// that is looked at, confirmed and carried out.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, fillSetup, looks, newPage, settled, shot, withBrowser } from "./browser.mjs";

const setupPath = process.env.SIGNALBOX_SETUP;
const tofu = process.env.SIGNALBOX_TEST_TOFU ?? "";

/** A repository of this machine with a configuration that needs no provider. */
function configuration() {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-tofu-"));
  writeFileSync(join(folder, "main.tf"), `
variable "size" { default = 1 }
resource "terraform_data" "server" {
  count = 3
  input = { name = "server-\${count.index}", size = var.size, motd = "first line\\nsize \${var.size}\\nlast line" }
}
output "names" { value = [for s in terraform_data.server : s.output.name] }
`);
  const git = (...args) => execFileSync("git", ["-C", folder, "-c", "user.name=e2e", "-c", "user.email=e2e@example.org", ...args]);
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-qm", "three servers");
  return folder;
}

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const call = async (method, path, data) => {
    const answer = await page.request.fetch(`/api${path}`, { method, data });
    check(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? null : answer.json();
  };
  const run = async (project, body) => {
    const task = await call("POST", `/project/${project}/tasks`, body);
    return `/project/${project}/tasks/${task.id}`;
  };
  const ended = (word = "Succeeded") => page.getByRole("banner").or(page.locator("header")).getByText(word).first().waitFor({ timeout: 60000 });

  await fillSetup(page, setupPath);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("button", { name: "Create a demo project" }).click();
  await page.waitForURL("**/templates");
  const project = new URL(page.url()).pathname.match(/\/project\/(\d+)/)[1];
  const templates = await call("GET", `/project/${project}/templates`);
  const named = (part) => templates.find((t) => t.name.toLowerCase().includes(part.toLowerCase()));

  // A playbook: hosts by tasks, a result in full, by mouse and by keyboard.
  const playbook = await run(project, { template_id: named("ansible").id, environment: "{}" });
  await page.goto(playbook);
  await ended();
  await page.getByRole("tab", { name: "Hosts" }).click();
  const grid = page.getByRole("grid", { name: "Results by host and task" });
  await grid.waitFor();
  check((await grid.getByRole("gridcell").count()) > 0, "the matrix has cells");
  await shot(page, "engine-hosts");
  await grid.getByRole("gridcell").first().click();
  await page.getByRole("dialog").getByText("Module").waitFor();
  await settled(page);
  await shot(page, "engine-cell");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await grid.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Module").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByLabel("Filter hosts or tasks").fill("no such host");
  await page.getByText("No host fits the filter").waitFor();

  // A stage leads to its line.
  await page.getByRole("tab", { name: "Log" }).click();
  await page.getByRole("list", { name: "Stages" }).getByRole("button").first().waitFor();

  // A script: what exactly it executed.
  const script = await run(project, { template_id: named("bash").id });
  await page.goto(script);
  await ended();
  await page.getByRole("tab", { name: "Details" }).click();
  await page.getByRole("heading", { name: "Commands" }).waitFor();
  await page.getByText("bash", { exact: false }).first().waitFor();
  await settled(page);
  await shot(page, "engine-details");

  const pages = { hosts: `${playbook}?tab=hosts`, details: `${script}?tab=details`, apps: "/apps", "app-form": "/apps?app=new" };

  if (tofu !== "") {
    const key = (await call("GET", `/project/${project}/keys`)).find((k) => k.type === "none");
    const repository = await call("POST", `/project/${project}/repositories`, {
      project_id: Number(project), name: "Servers", git_url: configuration(), git_branch: "", ssh_key_id: key.id,
    });
    const template = await call("POST", `/project/${project}/templates`, {
      project_id: Number(project), name: "Servers", app: "tofu", playbook: "", repository_id: repository.id, arguments: "[]",
      survey_vars: [{ name: "size", title: "Size", type: "int", default_value: "1" }],
      task_params: { allow_destroy: true },
    });
    pages["terraform-form"] = `/project/${project}/templates/${template.id}/edit`;
    pages["terraform-launch"] = `/project/${project}/templates/${template.id}/run`;

    // Confirm a plan.
    await page.goto(await run(project, { template_id: template.id }));
    await page.getByRole("button", { name: "Confirm" }).waitFor({ timeout: 60000 });
    await settled(page);
    await shot(page, "engine-plan");
    await page.getByRole("button", { name: "Confirm" }).click();
    await ended();
    await page.getByRole("tab", { name: "Plan" }).click();
    await page.getByText(/Confirmed by Ada Admin/).waitFor();
    await shot(page, "engine-applied");

    // Changes in place, rejected by keyboard.
    const changed = await run(project, { template_id: template.id, environment: '{"size":2}' });
    await page.goto(changed);
    await page.getByRole("button", { name: "Reject" }).waitFor({ timeout: 60000 });
    await page.getByRole("button", { name: /terraform_data\.server\[0\]/ }).click();
    await shot(page, "engine-change");
    await page.getByRole("button", { name: "Reject" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText(/Rejected by Ada Admin/).or(page.getByRole("tab", { name: "Log", selected: true })).first().waitFor();
    pages.rejected = `${changed}?tab=plan`;

    // Destroying asks for the number.
    await page.goto(pages["terraform-launch"]);
    await page.getByLabel("Destroy", { exact: true }).check();
    await shot(page, "engine-destroy-launch");
    await page.getByRole("button", { name: "Destroy", exact: true }).click();
    await page.waitForURL("**/tasks/*");
    pages.destroy = new URL(page.url()).pathname;
    await page.getByRole("button", { name: "Confirm" }).click({ timeout: 60000 });
    const question = page.getByRole("dialog");
    check(await question.getByRole("button", { name: "Confirm" }).isDisabled(), "destroying cannot be confirmed unseen");
    await question.getByRole("textbox").fill("3");
    check(await question.getByRole("button", { name: "Confirm" }).isEnabled(), "the number confirms");
    await shot(page, "engine-destroy-question");
    await page.keyboard.press("Escape");
  }

  problems.push(...await looks(browser, await context.storageState(), pages, "engine-"));
  check(problems.length === 0, problems.join("\n"));
});
console.log("engine: done");
