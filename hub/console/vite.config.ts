/** The console's build. One page, no external resource, for browsers as old as Chromium 109. */
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

/** A running hub for `vite dev`; built files are served by the hub itself. */
const HUB = process.env["ANZHU_HUB_URL"] ?? "http://127.0.0.1:8110";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "chrome109",
    cssTarget: "chrome109",
    // The content security policy allows no inline script and no data: address.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    port: 8112,
    proxy: { "/api": { target: HUB }, "/healthz": { target: HUB } },
  },
});
