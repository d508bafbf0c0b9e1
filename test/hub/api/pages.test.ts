/** The console's files, health, metrics and the interface's own description. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../../kit/hub/api-on-doubles.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(async () => await api?.close());

describe("pages and health", () => {
  test("without a built console the page says how to build it", async () => {
    const answer = await api.app.inject({ url: "/" });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain("npm run build");
  });

  test("every address of the console is its one page, and assets may be kept for ever", async () => {
    await mkdir(join(api.dir, "console/assets"), { recursive: true });
    await writeFile(join(api.dir, "console/index.html"), "<title>desk</title>");
    await writeFile(join(api.dir, "console/assets/a-1f.js"), "1");
    for (const url of ["/", "/desk", "/fleet/demo-001", "/index.html"]) {
      const page = await api.app.inject({ url });
      expect(page.body).toBe("<title>desk</title>");
      expect(page.headers["cache-control"]).toBe("no-cache");
    }
    const asset = await api.app.inject({ url: "/assets/a-1f.js" });
    expect(asset.headers["cache-control"]).toContain("immutable");
    const missing = await api.app.inject({ url: "/assets/none.js" });
    expect(missing.statusCode).toBe(404);
    const outside = await api.app.inject({ url: "/..%2faccounts.db" });
    expect(outside.statusCode).not.toBe(200);
  });

  test("a file travels in the form the browser takes, and a form of its own has no address", async () => {
    await mkdir(join(api.dir, "console/assets"), { recursive: true });
    const forms = { "a-1f.js": "plain", "a-1f.js.br": "brotli", "a-1f.js.gz": "gzip" };
    for (const [name, words] of Object.entries(forms)) {
      await writeFile(join(api.dir, "console/assets", name), words);
    }
    const url = "/assets/a-1f.js";
    const get = async (accept?: string) =>
      await api.app.inject({ url, headers: accept ? { "accept-encoding": accept } : {} });
    const brotli = await get("gzip, deflate, br, zstd");
    expect(brotli.body).toBe("brotli");
    expect(brotli.headers).toMatchObject({ "content-encoding": "br", vary: "accept-encoding" });
    expect(brotli.headers["content-type"]).toContain("javascript");
    expect(brotli.headers["cache-control"]).toContain("immutable");
    expect((await get("gzip")).body).toBe("gzip");
    expect((await get("br;q=0, identity")).body).toBe("plain");
    expect((await get()).headers["content-encoding"]).toBeUndefined();
    expect((await api.app.inject({ url: `${url}.br` })).statusCode).toBe(404);
  });

  test("pages carry a strict policy, and the API is never stored", async () => {
    const page = await api.app.inject({ url: "/" });
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers["permissions-policy"]).toContain("microphone=(self)");
    const answer = await api.as("operator", "GET", "/api/v1/incidents");
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("readyz tells a stranger only whether, and who is signed in also why", async () => {
    api.health = [{ name: "disk", isOk: false, detail: "2 MiB free in /var/lib/anzhu" }];
    const stranger = await api.app.inject({ url: "/readyz" });
    expect(stranger.statusCode).toBe(503);
    expect(stranger.json()).toEqual({ status: "degraded" });
    const guess = await api.app.inject({
      url: "/readyz",
      headers: { authorization: `Bearer ${"x".repeat(43)}` },
    });
    expect([guess.statusCode, guess.json()]).toEqual([503, { status: "degraded" }]);
    const known = await api.as("technician", "GET", "/readyz");
    expect(known.statusCode).toBe(503);
    expect(known.json()).toEqual({ status: "degraded", checks: api.health });
    api.health = [];
    expect((await api.app.inject({ url: "/readyz" })).json()).toEqual({ status: "ok" });
    expect((await api.app.inject({ url: "/healthz" })).json()).toEqual({ status: "ok" });
  });

  test("metrics carry the house's prefix", async () => {
    const answer = await api.app.inject({ url: "/metrics" });
    expect(answer.body).toContain('anzhu_pillars{presence="online"} 1');
    const names = answer.body.split("\n").filter((line) => line.startsWith("# TYPE "));
    expect(names.every((line) => line.startsWith("# TYPE anzhu_"))).toBe(true);
  });

  test("the interface describes itself as OpenAPI 3.1, in the words in which it answers", async () => {
    const answer = await api.app.inject({ url: "/api/v1/openapi.json" });
    const { openapi, servers, components, paths } = answer.json<Description>();
    expect([openapi, servers]).toEqual(["3.1.0", [{ url: "/" }]]);
    expect(components.securitySchemes["cookie"]).toEqual({
      type: "apiKey",
      in: "cookie",
      name: "anzhu-session",
    });
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(["/api/v1/sessions", "/api/v1/pillars/{id}/alarms", "/readyz"]),
    );
    const operations = Object.values(paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(operations.length);
    for (const { responses } of operations) {
      const refused = Object.entries(responses).filter(([status]) => /^[45]XX$/.test(status));
      expect(refused).toHaveLength(2);
      for (const [, { content }] of refused) {
        expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
      }
    }
  });

  test("the description tells what is neither JSON nor for everybody", async () => {
    const answer = await api.app.inject({ url: "/api/v1/openapi.json" });
    const { paths } = answer.json<Description>();
    const at = (method: string, path: string): Described => {
      const operation = paths[path]?.[method];
      if (!operation) throw new Error(`${method} ${path} is not described`);
      return operation;
    };
    const whep = at("post", "/api/v1/incidents/{id}/whep");
    expect(Object.keys(whep.requestBody?.content ?? {})).toEqual(["application/sdp"]);
    expect(Object.keys(whep.responses["201"]?.headers ?? {})).toEqual(["Location", "ETag"]);
    expect(whep.security).toEqual([{ bearer: [] }, { cookie: [] }]);
    expect(at("post", "/api/v1/sessions").security).toEqual([]);
    const media = "/api/v1/recordings/{id}/media";
    expect(at("get", media).responses["206"]?.content).toEqual({ "video/mp4": {} });
    expect(at("head", media).responses["200"]?.content).toBeUndefined();
    const events = at("get", "/api/v1/events").responses["200"]?.content;
    expect(Object.keys(events ?? {})).toEqual(["text/event-stream"]);
  });
});

interface Described {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<
    Record<string, { readonly content?: object; readonly headers?: object }>
  >;
}

interface Description {
  readonly openapi: string;
  readonly servers: readonly object[];
  readonly components: { readonly securitySchemes: Readonly<Record<string, object>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}
