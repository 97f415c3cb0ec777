// Writes src/api/schema.d.ts from the server's OpenAPI document. Its paths are relative to the
// document's server; the client names them in full, as they appear on the wire.
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
writeFileSync(target, COMMENT_HEADER + astToString(await openapiTS(document)));
