/**
 * The console's files, and the page that says how to build them when there are none.
 *
 * Names under `assets/` carry a hash and may be kept for ever; the page itself is asked for each time.
 */
import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "./context.ts";
import { problem } from "./problem.ts";

export const CONSOLE_DIR = join(import.meta.dirname, "..", "console", "dist");
const YEAR_SECONDS = 365 * 24 * 60 * 60;

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Anzhu</title>
<h1>安柱 Anzhu</h1><p>The hub runs, but its console has not been built yet.</p>
<p>Run <code>npm run build</code> in the project's folder and load this page again.</p></html>`;

export function serveConsole(app: Api, directory: string): void {
  void app.register(fastifyStatic, {
    root: directory,
    wildcard: true,
    cacheControl: false,
    suppressWarning: true,
    setHeaders: (reply, path) => {
      const isHashed = path.startsWith(join(directory, "assets") + sep);
      const keep = isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache";
      reply.header("cache-control", keep);
    },
  });
  app.setNotFoundHandler(async (request, reply) => {
    if (isPage(request)) return await sendPage(reply, directory);
    const found = `${request.method} ${request.url.slice(0, 200)}`;
    throw problem("not-found", `expected a route of /api/v1/openapi.json, found ${found}`);
  });
}

/** The console's own addresses (`/desk`, `/fleet/demo-001`) are all the one page. */
function isPage(request: FastifyRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const { pathname } = new URL(request.url, "http://hub");
  return !pathname.startsWith("/api/") && !/\.[a-z0-9]+$/i.test(pathname);
}

async function sendPage(reply: FastifyReply, directory: string): Promise<FastifyReply> {
  if (!existsSync(join(directory, "index.html"))) {
    return reply.code(503).type("text/html; charset=utf-8").send(NOT_BUILT);
  }
  return reply.code(200).sendFile("index.html");
}
