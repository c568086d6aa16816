import { defineConfig } from "vite";

// The bundle is served under a policy without inline script or style, so nothing may be
// inlined into index.html and no asset may become a data: address.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8400" } },
});
