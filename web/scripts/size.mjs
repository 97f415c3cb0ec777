// Fails when the bundle breaks its budgets: initial JS and CSS, and any single route chunk.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const KIB = 1024;
const budgets = { js: 250 * KIB, css: 45 * KIB, chunk: 80 * KIB };

const gzipSize = (path) => gzipSync(readFileSync(new URL(path, dist)), { level: 9 }).length;
const show = (bytes) => `${(bytes / KIB).toFixed(1)} KiB`;

const html = readFileSync(new URL("index.html", dist), "utf8");
const initial = [...html.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map((m) => m[1]);
const sum = (ext) =>
  initial.filter((f) => f.endsWith(ext)).reduce((total, f) => total + gzipSize(f), 0);

const js = sum(".js");
const css = sum(".css");
const failures = [];
console.log(`initial JS  ${show(js)} of ${show(budgets.js)}`);
console.log(`initial CSS ${show(css)} of ${show(budgets.css)}`);
if (js > budgets.js) failures.push("initial JS");
if (css > budgets.css) failures.push("initial CSS");

const chunks = readdirSync(new URL("assets/", dist))
  .filter((f) => f.endsWith(".js") && !initial.includes(`assets/${f}`))
  .map((f) => ({ f, size: gzipSize(`assets/${f}`) }))
  .sort((a, b) => b.size - a.size);
for (const { f, size } of chunks.slice(0, 5)) console.log(`chunk ${f} ${show(size)}`);
for (const { f, size } of chunks) {
  if (size > budgets.chunk) failures.push(`chunk ${f}`);
}

if (failures.length > 0) {
  console.error(`over budget: ${failures.join(", ")}`);
  process.exit(1);
}
