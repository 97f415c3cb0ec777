import { expect, test } from "vitest";
import { keyBody, keyRules, keyValues } from "./values";

const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nabc\r\n-----END OPENSSH PRIVATE KEY-----";

test("a new SSH key is sent with unix line ends and a last line end", () => {
  const values = { ...keyValues(), name: " Deploy ", login: "git", privateKey };
  expect(keyBody(3, values)).toEqual({
    project_id: 3,
    name: "Deploy",
    type: "ssh",
    ssh: {
      login: "git",
      passphrase: "",
      private_key:
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n",
    },
  });
});

test("renaming sends no secret", () => {
  const values = { ...keyValues(), name: "New name", replace: false, password: "typed before" };
  expect(keyBody(3, values, 9)).toEqual({ id: 9, project_id: 3, name: "New name", type: "ssh" });
});

test("replacing says so, and sends the secret of the type only", () => {
  const values = { ...keyValues(), name: "K", type: "string", text: "t0p", password: "other" };
  expect(keyBody(3, values, 9)).toEqual({
    id: 9,
    project_id: 3,
    name: "K",
    type: "string",
    override_secret: true,
    string: "t0p",
  });
});

test("a public key is refused before it is sent", () => {
  const rules = keyRules(((key: string) => key) as never);
  const values = { ...keyValues(), privateKey: "ssh-ed25519 AAAA" };
  expect(rules.privateKey(values.privateKey, values)).toBe("keys.notPrivate");
  expect(rules.privateKey(privateKey, values)).toBeNull();
});

test("of a secret that is kept elsewhere only the place is sent", () => {
  const values = { ...keyValues(), name: "K", type: "string", text: "typed before", source: "env", place: " TOKEN " };
  expect(keyBody(3, values)).toEqual({
    project_id: 3,
    name: "K",
    type: "string",
    source_storage_type: "env",
    source_storage_key: "TOKEN",
  });
  const rules = keyRules(((key: string) => key) as never);
  expect(rules.text("", { ...values, text: "" })).toBeNull();
  expect(rules.place("", values)).toBe("errors.required");
});
