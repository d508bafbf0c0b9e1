/**
 * The console's files, and the page that says how to build them when there are none.
 *
 * Names under `assets/` carry a hash and may be kept for ever; the page itself is asked for each
 * time. The build leaves a compressed form beside each file, and the page is told in `<base>` where
 * the hub is.
 */
import { readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "../context.ts";
import { problem } from "../problem.ts";

export const CONSOLE_DIR = join(import.meta.dirname, "../..", "console", "dist");
const YEAR_SECONDS = 365 * 24 * 60 * 60;

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Anzhu</title>
<h1>安柱 Anzhu</h1><p>The hub runs, but its console has not been built yet.</p>
<p>Run <code>npm run build</code> in the project's folder and load this page again.</p></html>`;

/** What the build wrote: the hub may be shown under a path. */
const BASE = '<base href="/" />';
const PAGE = "/index.html";

export interface ConsoleFiles {
  readonly directory: string;
  /** `""`, or the path under which a proxy shows the hub. */
  readonly basePath: string;
}

export function serveConsole(app: Api, { directory, basePath }: ConsoleFiles): void {
  void app.register(fastifyStatic, {
    root: directory,
    wildcard: true,
    preCompressed: true,
    // The hub sends the page itself, at each of its addresses.
    index: false,
    allowedPath: (path) => path !== PAGE && !/(?:\/|\.br|\.gz)$/.test(path),
    cacheControl: false,
    suppressWarning: true,
    setHeaders: (reply, path) => {
      const isHashed = path.startsWith(join(directory, "assets") + sep);
      const keep = isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache";
      reply.header("cache-control", keep);
    },
  });
  app.setNotFoundHandler(async (request, reply) => {
    if (isPage(request)) return await sendPage(reply, { directory, basePath });
    const found = `${request.method} ${request.url.slice(0, 200)}`;
    throw problem("not-found", `expected a route of /api/v1/openapi.json, found ${found}`);
  });
}

/** The console's own addresses (`/desk`, `/fleet/demo-001`) are all the one page. */
function isPage(request: FastifyRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const { pathname } = new URL(request.url, "http://hub");
  return pathname === PAGE || (!pathname.startsWith("/api/") && !/\.[a-z0-9]+$/i.test(pathname));
}

async function sendPage(
  reply: FastifyReply,
  { directory, basePath }: ConsoleFiles,
): Promise<FastifyReply> {
  const type = "text/html; charset=utf-8";
  const page = await readFile(join(directory, PAGE), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (page === undefined) return reply.code(503).type(type).send(NOT_BUILT);
  return reply
    .code(200)
    .type(type)
    .header("cache-control", "no-cache")
    .send(page.replace(BASE, BASE.replace("/", `${basePath}/`)));
}
