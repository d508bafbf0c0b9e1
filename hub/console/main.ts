/**
 * The console's first lines: schema settings, then everything else.
 *
 * The rest is fetched by its own import, because a bundler runs what several pages share before the
 * first line of the entry: schemas were made before their settings, and each page load broke the
 * content security policy once.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it must run before any schema is made
import "./csp.ts";

await import("./start.ts");
