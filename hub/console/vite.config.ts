/** The console's build. One page, no external resource, for browsers as old as Chromium 109. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

/** A running hub for `vite dev`; built files are served by the hub itself. */
const HUB = process.env["ANZHU_HUB_URL"] ?? "http://127.0.0.1:8110";

const OUT_DIR = join(import.meta.dirname, "dist");
/** A smaller file fits into one packet uncompressed. */
const LEAST_COMPRESSED_BYTES = 1024;

/** Leaves `.br` and `.gz` beside each file; the hub sends the form a browser takes. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  async closeBundle() {
    const names = await readdir(OUT_DIR, { recursive: true });
    for (const name of names.filter((one) => /\.(?:js|css|svg|json)$/.test(one))) {
      const bytes = await readFile(join(OUT_DIR, name));
      if (bytes.length < LEAST_COMPRESSED_BYTES) continue;
      const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
      const brotli = await promisify(brotliCompress)(bytes, { params });
      await writeFile(join(OUT_DIR, `${name}.br`), brotli);
      const gzipped = await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION });
      await writeFile(join(OUT_DIR, `${name}.gz`), gzipped);
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  // Everything is found beside the page's <base>, which the hub writes: docs/reverse-proxy.md.
  base: "./",
  plugins: [vue(), compressed],
  define: {
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
  },
  build: {
    outDir: OUT_DIR,
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
