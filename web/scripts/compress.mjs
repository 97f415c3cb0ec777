// Puts a brotli copy beside every hashed text file, for the server to send as it is.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const assets = new URL("../dist/assets/", import.meta.url);
const worthIt = 1024;

for (const name of readdirSync(assets).filter((f) => /\.(js|css)$/.test(f))) {
  const source = readFileSync(new URL(name, assets));
  if (source.length < worthIt) continue;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: source.length,
  };
  writeFileSync(new URL(`${name}.br`, assets), brotliCompressSync(source, { params }));
}
