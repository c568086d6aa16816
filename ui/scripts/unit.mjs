// Bundles each test of pure code with Vite (already here for the build) and runs it under node:test.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { build } from "vite";

const root = new URL("..", import.meta.url).pathname;
const outDir = `${root}node_modules/.unit`;
const tests = readdirSync(`${root}tests`).filter((name) => name.endsWith(".test.ts"));
rmSync(outDir, { recursive: true, force: true });
await build({
  root,
  configFile: false,
  logLevel: "warn",
  publicDir: false,
  build: {
    ssr: true,
    outDir,
    rollupOptions: {
      input: Object.fromEntries(tests.map((name) => [name.slice(0, -3), `${root}tests/${name}`])),
      output: { entryFileNames: "[name].mjs" },
    },
  },
});
const args = ["--test", ...tests.map((name) => `${outDir}/${name.slice(0, -3)}.mjs`)];
process.exit(spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1);
