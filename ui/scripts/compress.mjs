// Writes .gz and .br beside every text file of the build, and reports what the first chart costs.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = new URL("../dist/", import.meta.url).pathname;
const FIRST_CHART_LIMIT_BYTES = 120 * 1024;
const MIN_BYTES = 512;

function* files(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (/\.(html|js|css|svg|json)$/.test(name)) yield path;
  }
}

let brotli = 0;
let gzip = 0;
for (const path of files(ROOT)) {
  const bytes = readFileSync(path);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  gzip += gz.length;
  brotli += br.length;
  if (bytes.length < MIN_BYTES) continue;
  writeFileSync(`${path}.gz`, gz);
  writeFileSync(`${path}.br`, br);
}
const figures = { bench: "ui_bundle", value: brotli, unit: "bytes (brotli)", gzip_bytes: gzip };
process.stdout.write(`${JSON.stringify({ ...figures, limit: FIRST_CHART_LIMIT_BYTES })}\n`);
if (gzip > FIRST_CHART_LIMIT_BYTES) {
  process.stderr.write("the pages weigh more than 120 KB compressed\n");
  process.exit(1);
}
