import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const languages = ["en", "ru"];
const namespaces = readdirSync(join(root, "locales/en")).map((f) => f.replace(".json", ""));

type Tree = { [key: string]: string | Tree };

function load(language: string, namespace: string): Tree {
  return JSON.parse(readFileSync(join(root, "locales", language, `${namespace}.json`), "utf8"));
}

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix + key;
    if (typeof value === "string") out.set(path, value);
    else for (const [k, v] of flatten(value, `${path}.`)) out.set(k, v);
  }
  return out;
}

const plural = /_(zero|one|two|few|many|other)$/;
const base = (key: string) => key.replace(plural, "");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Keys and key prefixes (`status.${…}`) that the code names, with the namespaces its file opens. */
function usages() {
  const exact: { file: string; key: string; spaces: string[] }[] = [];
  const prefixes: { file: string; key: string; spaces: string[] }[] = [];
  for (const file of sources(root)) {
    const code = readFileSync(file, "utf8");
    const spaces = new Set(["common"]);
    for (const [, args] of code.matchAll(/useTranslation\(([^)]*)\)/g)) {
      for (const [, name] of args.matchAll(/"([a-z]+)"/g)) spaces.add(name);
    }
    // Helpers are handed a `t`; they are used with any namespace.
    const open = /useTranslation\(/.test(code) ? [...spaces] : namespaces;
    for (const [, key] of code.matchAll(/"((?:[a-z]+:)?[a-zA-Z]+(?:\.[a-zA-Z_-]+)+)"/g)) {
      exact.push({ file, key, spaces: open });
    }
    for (const [, key] of code.matchAll(/\bt\(\s*"([a-zA-Z]+)"/g)) {
      exact.push({ file, key, spaces: open });
    }
    for (const [, key] of code.matchAll(/`([a-zA-Z:]+(?:\.[a-zA-Z]+)*\.)\$\{/g)) {
      prefixes.push({ file, key, spaces: open });
    }
  }
  return { exact, prefixes };
}

const texts = Object.fromEntries(namespaces.map((ns) => [ns, flatten(load("en", ns))]));
const used = usages();

test.each(namespaces)("%s has the same keys in every language, with all plural forms", (ns) => {
  const english = [...texts[ns].keys()];
  for (const language of languages) {
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const wanted = new Set(
      english.flatMap((key) =>
        plural.test(key) ? categories.map((c) => `${base(key)}_${c}`) : [key],
      ),
    );
    expect([...flatten(load(language, ns)).keys()].sort()).toEqual([...wanted].sort());
  }
});

test.each(namespaces)("%s keeps the placeholders in every language", (ns) => {
  const names = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].sort();
  for (const language of languages) {
    for (const [key, text] of flatten(load(language, ns))) {
      const english = texts[ns].get(key) ?? texts[ns].get(`${base(key)}_other`) ?? "";
      expect({ key, names: names(text) }).toEqual({ key, names: names(english) });
    }
  }
});

function exists(key: string, spaces: string[]): boolean {
  const [ns, name] = key.includes(":") ? key.split(":") : [undefined, key];
  return (ns ? [ns] : spaces).some((space) => {
    const keys = texts[space];
    return keys?.has(name) || keys?.has(`${name}_other`);
  });
}

test("every text that a `t` call names exists", () => {
  const missing: string[] = [];
  for (const file of sources(root)) {
    const code = readFileSync(file, "utf8");
    const spaces = [...code.matchAll(/useTranslation\(([^)]*)\)/g)].flatMap(([, args]) =>
      [...args.matchAll(/"([a-z]+)"/g)].map(([, name]) => name),
    );
    const open = code.includes("useTranslation(") ? ["common", ...spaces] : namespaces;
    for (const [, key] of code.matchAll(/\bt\(\s*"([^"]+)"/g)) {
      if (!exists(key, open)) missing.push(`${file.slice(root.length)}: ${key}`);
    }
  }
  expect(missing).toEqual([]);
});

test("every text is used", () => {
  const unused: string[] = [];
  for (const ns of namespaces) {
    for (const key of new Set([...texts[ns].keys()].map(base))) {
      const names = [key, `${ns}:${key}`];
      const hit =
        used.exact.some((u) => names.includes(u.key) && (u.key.includes(":") || u.spaces.includes(ns))) ||
        used.prefixes.some(
          (u) => names.some((n) => n.startsWith(u.key)) && u.spaces.includes(ns),
        );
      if (!hit) unused.push(`${ns}:${key}`);
    }
  }
  expect(unused).toEqual([]);
});
