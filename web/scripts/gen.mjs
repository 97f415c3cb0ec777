// Writes src/api/schema.d.ts from the server's OpenAPI document. Its paths are relative to the
// document's server; the client names them in full, as they appear on the wire. With --check it
// writes nothing and fails when the file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

const source = new URL("../../api/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

const document = JSON.parse(readFileSync(source, "utf8"));
const prefix = "/api";
document.paths = Object.fromEntries(
  Object.entries(document.paths).map(([path, item]) => [
    path.startsWith(`${prefix}/`) ? path : prefix + path,
    item,
  ]),
);
// Examples are for those who read the description; in the types they would be most of the file.
for (const item of Object.values(document.paths)) {
  for (const operation of Object.values(item)) {
    for (const body of [operation.requestBody, ...Object.values(operation.responses)]) {
      for (const media of Object.values(body?.content ?? {})) delete media.example;
    }
  }
}
for (const answer of Object.values(document.components.responses)) {
  for (const media of Object.values(answer.content)) delete media.example;
}
const types = COMMENT_HEADER + astToString(await openapiTS(document));
if (!process.argv.includes("--check")) {
  writeFileSync(target, types);
} else if (readFileSync(target, "utf8") !== types) {
  console.error("src/api/schema.d.ts is not what api/openapi.json says; run: make openapi");
  process.exit(1);
}
