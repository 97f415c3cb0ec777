// What journeys share: a Chromium of the system, screenshots, and checks that
// hold on every page.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const base = process.env.SIGNALBOX_URL;
const out = process.env.SIGNALBOX_E2E_OUT;

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

export function check(ok, what) {
  if (!ok) throw new Error(`check failed: ${what}`);
}

/** Runs a journey in a browser of its own and closes it whatever happens. */
export async function withBrowser(journey) {
  mkdirSync(out, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
  try {
    await journey(browser);
  } finally {
    await browser.close();
  }
}

/** A page that notes everything a clean run must not have. */
export async function newPage(browser, options) {
  const context = await browser.newContext({ baseURL: base, viewport: DESKTOP, ...options });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (e) => problems.push(`page error: ${e.message}`));
  page.on("console", (m) => {
    if (m.type() === "error" && /Content Security Policy|Refused to/.test(m.text())) problems.push(m.text());
  });
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (url.protocol.startsWith("http") && url.host !== new URL(base).host) problems.push(`request to ${url.host}`);
  });
  page.on("response", (r) => {
    if (r.status() >= 500) problems.push(`${r.status()} ${r.url()}`);
  });
  return { context, page, problems };
}

export async function shot(page, name) {
  await page.screenshot({ path: join(out, `${name}.png`) });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  check(!wide, `${name}: the page does not scroll sideways`);
}

/** Waits until nothing on the page stands for something still to come. */
export async function settled(page) {
  await page.waitForFunction(() => !document.querySelector("[class*=Skeleton], [aria-busy=true]"));
}

/** The password of the administrator that a journey sets up. */
export const PASSWORD = "correct-horse-battery";

/** Opens the set-up and fills its form. */
export async function fillSetup(page, path) {
  await page.goto(path);
  await page.getByLabel("User name").fill("ada");
  await page.getByLabel("Full name").fill("Ada Admin");
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Repeat the password").fill(PASSWORD);
}

/** Signs in through the form, in English, as a user with the usual password. */
export async function signIn(page, name) {
  await page.goto("/auth/login");
  await page.getByLabel(/user name/i).first().fill(name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/auth"));
}

/** What journeys do with a page over and over. */
export function hands(page) {
  const dialog = page.getByRole("dialog");
  return {
    dialog,
    call: caller(page),
    gone: () => dialog.waitFor({ state: "detached" }),
    said: (text) => page.getByText(text).first().waitFor(),
    menu: async (name, item) => {
      await page.getByRole("button", { name: `More actions: ${name}`, exact: true }).click();
      await page.getByRole("menuitem", { name: item }).click();
    },
  };
}

/** Calls the API with the session of a page. */
const caller = (page) => async (method, path, data) => {
  const answer = await page.request.fetch(`/api${path}`, { method, data });
  check(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? null : answer.json();
};

/**
 * Looks at pages, given as paths by name, at a desk and on a phone, light and dark, and returns what
 * a clean run must not have. before(page, name) gets a page ready for its picture; options are
 * those of the browser's context, by look.
 */
export async function looks(browser, storageState, pages, prefix = "", { before, options = {} } = {}) {
  const problems = [];
  for (const [look, usual] of Object.entries({
    "desktop-light": { viewport: DESKTOP, colorScheme: "light" },
    "desktop-dark": { viewport: DESKTOP, colorScheme: "dark" },
    "phone-light": { viewport: PHONE, colorScheme: "light", hasTouch: true },
    "phone-dark": { viewport: PHONE, colorScheme: "dark", hasTouch: true },
  })) {
    const seen = await newPage(browser, { ...usual, ...options[look], storageState });
    for (const [name, path] of Object.entries(pages)) {
      await seen.page.goto(path);
      await seen.page.getByRole("heading", { level: 1 }).first().waitFor();
      await settled(seen.page);
      await before?.(seen.page, name);
      await shot(seen.page, `${prefix}${look}-${name}`);
    }
    problems.push(...seen.problems);
    await seen.context.close();
  }
  return problems;
}
