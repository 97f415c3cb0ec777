// Puts the offline API viewer into dist/swagger: the page is ours, the viewer comes from its package.
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const viewer = dirname(require.resolve("swagger-ui-dist/package.json"));
const out = join(root, "dist", "swagger");

mkdirSync(out, { recursive: true });
for (const file of ["swagger-ui.css", "swagger-ui-bundle.js", "LICENSE"]) {
  copyFileSync(join(viewer, file), join(out, file));
}
for (const file of ["index.html", "init.js", "viewer.css"]) {
  copyFileSync(join(root, "swagger", file), join(out, file));
}
