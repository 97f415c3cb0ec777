// Signing in where the server asks for more than a password: a second factor that is set up on the
// way, its codes and recovery codes, and a password that somebody else set.
import { createHmac } from "node:crypto";
import { PASSWORD, check, fillSetup, hands, newPage, settled, shot, withBrowser } from "./browser.mjs";

const STEP = 30; // seconds, of RFC 6238

/** The code of an authenticator, so many steps from now. A server takes each once. */
function code(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const at = digest[digest.length - 1] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Sets up the second factor that a page asks for, and returns its secret and recovery codes. */
async function enrol(page, name) {
  await page.getByText("This server asks for a second factor.").waitFor();
  await settled(page);
  const secret = await page.getByLabel("Key").inputValue();
  check(await page.getByRole("img", { name: /QR code/ }).evaluate((img) => img.naturalWidth > 100), "the picture is there");
  await shot(page, `${name}-enrol`);
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("The code is wrong or was used already.").waitFor();
  check((await page.getByLabel("Key").inputValue()) === secret, "a wrong code leaves the picture as it is");
  await page.getByLabel("Code", { exact: true }).fill(code(secret));
  await page.keyboard.press("Enter");
  await page.getByText("Recovery codes").waitFor();
  const codes = await page.getByRole("status").getByRole("listitem").allTextContents();
  check(codes.length > 1 && new Set(codes).size === codes.length, "there are recovery codes");
  await shot(page, `${name}-codes`);
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/auth"));
  return { secret, codes };
}

/** Enters name and password. */
async function begin(page, name, password) {
  await page.goto("/auth/login");
  await page.getByLabel(/user name/i).first().fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
}

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const { call } = hands(page);
  await fillSetup(page, process.env.SIGNALBOX_SETUP);
  await page.getByRole("button", { name: "Create administrator" }).click();
  const ada = await enrol(page, "sign-in-admin");
  await call("POST", "/users", { username: "gus", name: "Gus Guest", email: "gus@example.org", password: PASSWORD, must_change_password: true });

  // A password that the administrator knows is good for one thing only, on a phone too.
  const gus = await newPage(browser, { colorScheme: "dark", locale: "en-GB", viewport: { width: 390, height: 844 } });
  await begin(gus.page, "gus", PASSWORD);
  await gus.page.getByText("Somebody else set your password.").waitFor();
  const inside = await gus.page.request.get("/api/projects");
  check(inside.status() === 401, `projects before the new password: ${inside.status()}`);
  await shot(gus.page, "sign-in-must-change");
  const choose = async (password, repeat = password) => {
    await gus.page.getByLabel("New password").fill(password);
    await gus.page.getByLabel("Repeat the password").fill(repeat);
    await gus.page.getByRole("button", { name: "Save and go on" }).click();
  };
  await choose("short", "other");
  await gus.page.getByText("The passwords differ.").waitFor();
  await choose("short");
  await gus.page.getByText(/must have at least/).waitFor(); // said by the server, at its field
  await choose("staple-battery-horse");
  const factor = await enrol(gus.page, "sign-in-user");

  // Again, with a code that was not used yet; the first one was.
  await gus.context.clearCookies();
  await begin(gus.page, "gus", "staple-battery-horse");
  await gus.page.getByText("or one of your recovery codes").waitFor();
  await shot(gus.page, "sign-in-code");
  await gus.page.getByLabel("Code", { exact: true }).fill(code(factor.secret, 1));
  await gus.page.keyboard.press("Enter");
  await gus.page.waitForURL((url) => !url.pathname.startsWith("/auth"));
  problems.push(...gus.problems);
  await gus.context.close();

  // A recovery code stands in once.
  for (const [once, in_] of [[ada.codes[0], true], [ada.codes[0], false]]) {
    const again = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
    await begin(again.page, "ada", PASSWORD);
    await again.page.getByLabel("Code", { exact: true }).fill(once);
    await again.page.keyboard.press("Enter");
    if (in_) await again.page.waitForURL((url) => !url.pathname.startsWith("/auth"));
    else await again.page.getByText("The code is wrong or was used already.").waitFor();
    problems.push(...again.problems);
    await again.context.close();
  }
  await context.close();
  check(problems.length === 0, problems.join("\n"));
});
console.log("sign-in: done");
