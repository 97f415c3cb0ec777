// Invitations by e-mail address: to a stranger, who registers, and to somebody with an account.
import { PASSWORD, check, fillSetup, hands, looks, newPage, shot, signIn, withBrowser } from "./browser.mjs";

await withBrowser(async (browser) => {
  const { context, page, problems } = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const { call } = hands(page);
  await fillSetup(page, process.env.SIGNALBOX_SETUP);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await page.getByRole("link", { name: "Restore a project" }).waitFor();
  const project = await call("POST", "/projects", { name: "Quay" });
  const invite = async (email) =>
    "/invite#token=" + (await call("POST", `/project/${project.id}/invites`, { email, role: "guest" })).token;

  // A stranger: refused with a name that is taken, registered, and in.
  const eve = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  const address = await invite("eve@example.org");
  await eve.page.goto(address);
  await eve.page.getByRole("heading", { name: "Join Quay" }).waitFor();
  check(new URL(eve.page.url()).search === "", "the token stays behind #");
  check((await eve.page.getByLabel("E-mail").inputValue()) === "eve@example.org", "the address is that of the invitation");
  await shot(eve.page, "invite-register");
  await eve.page.getByRole("textbox", { name: "User name" }).fill("ada");
  await eve.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await eve.page.getByLabel("Repeat the password").fill(PASSWORD);
  await eve.page.getByRole("button", { name: "Make account and join" }).click();
  await eve.page.getByText(/taken/).waitFor(); // said by the server, at its field
  await eve.page.getByRole("textbox", { name: "User name" }).fill("eve");
  await eve.page.getByRole("button", { name: "Make account and join" }).click();
  await eve.page.waitForURL(`**/project/${project.id}`);
  await eve.page.getByRole("button", { name: "Switch project" }).getByText("Quay").waitFor();
  problems.push(...eve.problems);
  await eve.context.close();

  // Somebody with an account signs in there, and joins.
  const gus = await newPage(browser, { colorScheme: "dark", locale: "en-GB" });
  const forGus = await invite("gus@example.org");
  await call("POST", "/users", { username: "gus", name: "Gus Guest", email: "gus@example.org", password: PASSWORD, must_change_password: false });
  await gus.page.goto(forGus);
  await gus.page.getByText("You were invited as gus@example.org.").waitFor();
  await shot(gus.page, "invite-sign-in");
  await gus.page.getByLabel(/user name/i).first().fill("gus");
  await gus.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await gus.page.keyboard.press("Enter");
  await gus.page.waitForURL("**/invite#token=*");
  await gus.page.getByRole("button", { name: "Join the project" }).click();
  await gus.page.waitForURL(`**/project/${project.id}`);
  problems.push(...gus.problems);
  await gus.context.close();

  // Who is signed in joins as before; a used invitation says so.
  const later = await newPage(browser, { colorScheme: "light", locale: "en-GB" });
  await later.page.goto(address);
  await later.page.getByText(/accepted already/).waitFor();
  await shot(later.page, "invite-used");
  await signIn(later.page, "eve");
  await later.page.goto(await invite("max@example.org"));
  await later.page.getByRole("button", { name: "Join the project" }).click();
  await later.page.getByText(/for somebody else/).waitFor();
  problems.push(...later.problems);
  await later.context.close();

  const open = await invite("new@example.org");
  problems.push(
    ...(await looks(browser, undefined, { register: open, used: address, missing: "/invite" }, "invite-", {
      options: { "phone-dark": { locale: "ru-RU" } },
    })),
  );
  await context.close();
  check(problems.length === 0, problems.join("\n"));
});
console.log("invitations: done");
