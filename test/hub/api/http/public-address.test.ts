/**
 * Behind a reverse proxy: the client's address, the cookie's settings, and the addresses of all
 * pages.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { HubConfig } from "../../../../hub/config.ts";
import { withoutBase } from "../../../../hub/api/http/public-address.ts";
import { INCIDENT, startTestApi, type TestApi } from "../../../kit/hub/api-on-doubles.ts";

let api: TestApi;
const opened: TestApi[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const start = async (http: object): Promise<void> => {
  const config = HubConfig.parse({ dataDir: "/tmp", http });
  api = await startTestApi({ config });
  opened.push(api);
};
const PROXIED = { publicUrl: "https://hub.example", trustedProxies: ["127.0.0.1", "10.0.0.0/8"] };
const SIGN_IN = {
  method: "POST",
  url: "/api/v1/sessions",
  payload: { username: "operator", password: "demo" },
} as const;

describe("the settings", () => {
  test.each([
    [{ publicUrl: "http://hub.example" }, "https"],
    [{ publicUrl: "https://u:p@hub.example", trustedProxies: ["::1"] }, "https"],
    [{ publicUrl: "https://hub.example/?a", trustedProxies: ["::1"] }, "https"],
    [{ publicUrl: 'https://hub.example/"x', trustedProxies: ["::1"] }, "https"],
    [{ publicUrl: "https://hub.example" }, "trustedProxies together with publicUrl"],
    [{ trustedProxies: ["127.0.0.1"] }, "publicUrl together with trustedProxies"],
    [{ ...PROXIED, trustedProxies: ["proxy.example"] }, "10.0.0.0/8"],
    [{ ...PROXIED, trustedProxies: ["10.0.0.0/33"] }, "10.0.0.0/8"],
    [{ corsOrigins: ["https://map.example/"] }, "origin like"],
    [{ corsOrigins: ["*"] }, "origin like"],
  ])("%o is refused, saying what was expected", (http, words) => {
    const read = HubConfig.safeParse({ dataDir: "/tmp", http });
    expect(read.error?.message).toContain(words);
  });

  test.each([
    [{}],
    [PROXIED],
    [{ host: "0.0.0.0", publicUrl: "https://hub.example:8443" }],
    [{ publicUrl: "http://127.0.0.1:8080/anzhu/" }],
    [{ ...PROXIED, trustedProxies: ["2001:db8::/32"], corsOrigins: ["https://map.example"] }],
  ])("%o is taken", (http) => {
    expect(HubConfig.safeParse({ dataDir: "/tmp", http }).success).toBe(true);
  });
});

describe("who is asking", () => {
  const wrong = async (from: string, remoteAddress: string) =>
    await api.app.inject({
      ...SIGN_IN,
      payload: { username: "admin", password: "guess" },
      headers: { "x-forwarded-for": from },
      remoteAddress,
    });
  const right = async (from: string, remoteAddress: string) =>
    await api.app.inject({
      ...SIGN_IN,
      payload: { username: "admin", password: "demo" },
      headers: { "x-forwarded-for": from },
      remoteAddress,
    });

  test("is the address a trusted proxy names, so that limits are of each person", async () => {
    await start(PROXIED);
    for (let n = 0; n < 10; n++) await wrong("192.0.2.1", "127.0.0.1");
    expect((await right("192.0.2.1", "127.0.0.1")).statusCode).toBe(429);
    expect((await right("192.0.2.2", "127.0.0.1")).statusCode).toBe(201);
  });

  test("is the nearest address that is no proxy of ours, whatever the sender wrote before it", async () => {
    await start(PROXIED);
    for (let n = 0; n < 10; n++) await wrong(`198.51.100.${n}, 192.0.2.1, 10.1.2.3`, "127.0.0.1");
    expect((await right("203.0.113.9, 192.0.2.1", "127.0.0.1")).statusCode).toBe(429);
  });

  test("is the connection's own address when that is no trusted proxy", async () => {
    await start(PROXIED);
    for (let n = 0; n < 10; n++) await wrong(`192.0.2.${n}`, "198.51.100.7");
    expect((await right("203.0.113.9", "198.51.100.7")).statusCode).toBe(429);
  });
});

describe("the cookie", () => {
  test.each([
    ["nothing", {}, "anzhu-session", "/", undefined],
    ["HTTPS of its own", { host: "0.0.0.0" }, "__Host-anzhu-session", "/", true],
    ["HTTPS at the proxy", PROXIED, "__Host-anzhu-session", "/", true],
    [
      "a path",
      { ...PROXIED, publicUrl: "https://hub.example/anzhu/" },
      "__Secure-anzhu-session",
      "/anzhu",
      true,
    ],
  ])("with %s", async (_what, http, name, path, secure) => {
    await start(http);
    const [cookie] = (await api.app.inject(SIGN_IN)).cookies;
    expect(cookie).toMatchObject({ name, path, httpOnly: true, sameSite: "Strict" });
    expect(cookie?.secure).toBe(secure);
    const cookies = { [name]: cookie?.value ?? "" };
    expect((await api.app.inject({ url: "/api/v1/sessions/current", cookies })).statusCode).toBe(
      200,
    );
    const out = await api.app.inject({
      method: "DELETE",
      url: "/api/v1/sessions/current",
      cookies,
      headers: { "sec-fetch-site": "same-origin" },
    });
    expect(out.cookies[0]).toMatchObject({ name, path, value: "" });
  });
});

describe("whose page it is", () => {
  const order = async (headers: Record<string, string>) =>
    await api.app.inject({ ...SIGN_IN, headers });

  test("is known by the public address, although the proxy changed the name", async () => {
    await start(PROXIED);
    const changed = { host: "127.0.0.1:8110" };
    expect((await order({ ...changed, origin: "https://hub.example" })).statusCode).toBe(201);
    const other = await order({ ...changed, origin: "https://evil.example" });
    expect(other.json()).toMatchObject({ status: 403, code: "foreign-origin" });
  });

  test("cannot be known when nobody said what the public address is, and the answer says so", async () => {
    await start({});
    const answer = await order({ host: "127.0.0.1:8110", origin: "http://hub.example" });
    expect(answer.json()).toMatchObject({ status: 403, code: "foreign-origin" });
    expect(answer.json().detail).toContain("http.publicUrl");
    expect(answer.json().detail).toContain("http://hub.example");
  });
});

describe("a path before all of ours", () => {
  test("is in Location, in the page, and may be taken away by the proxy or not", async () => {
    await start({ ...PROXIED, publicUrl: "https://hub.example/anzhu" });
    await mkdir(join(api.dir, "console/assets"), { recursive: true });
    await writeFile(join(api.dir, "console/index.html"), '<base href="/" /><title>desk</title>');
    await writeFile(join(api.dir, "console/assets/a-1f.js"), "1");
    const offer = {
      headers: { "content-type": "application/sdp" },
      payload: "v=0\r\noffer",
    };
    for (const base of ["", "/anzhu"]) {
      const url = `${base}/api/v1/incidents/${INCIDENT}/whep`;
      const answer = await api.as("operator", "POST", url, offer);
      const location = `/anzhu/api/v1/incidents/${INCIDENT}/whep/${"3".repeat(32)}`;
      expect(answer.headers.location).toBe(location);
      expect((await api.as("operator", "DELETE", location)).statusCode).toBe(204);
      for (const path of ["/", "/desk", "/index.html", "/archive/x"]) {
        const page = await api.app.inject({ url: base + path });
        expect(page.body).toBe('<base href="/anzhu/" /><title>desk</title>');
      }
      expect((await api.app.inject({ url: `${base}/assets/a-1f.js` })).body).toBe("1");
      expect((await api.app.inject({ url: `${base}/healthz` })).statusCode).toBe(200);
    }
    expect((await api.app.inject({ url: "/anzhu?x=1" })).body).toContain("desk");
  });

  test.each([
    ["/anzhu/api", "/anzhu", "/api"],
    ["/anzhu", "/anzhu", "/"],
    ["/anzhu?a=b", "/anzhu", "/?a=b"],
    ["/anzhuangong/x", "/anzhu", "/anzhuangong/x"],
    ["/api", "/anzhu", "/api"],
    ["/api", "", "/api"],
  ])("%s under %o is %s", (url, base, rest) => expect(withoutBase(url, base)).toBe(rest));
});

describe("the metrics", () => {
  test.each([
    ["a program on this machine", {}, "127.0.0.1", 200],
    ["its IPv6", { host: "[::1]:8110" }, "::1", 200],
    ["another machine", {}, "192.0.2.7", 401],
    ["a proxy that names the client", { "x-forwarded-for": "192.0.2.7" }, "127.0.0.1", 401],
    ["a proxy with another header", { forwarded: "for=192.0.2.7" }, "127.0.0.1", 401],
    ["a proxy that keeps the name", { host: "hub.example" }, "127.0.0.1", 401],
  ])("asked for by %s", async (_who, headers, remoteAddress, status) => {
    for (const http of [{}, PROXIED]) {
      await start(http);
      const answer = await api.app.inject({ url: "/metrics", headers, remoteAddress });
      expect(answer.statusCode).toBe(status);
    }
  });

  test("can be had by whoever may read them, from anywhere", async () => {
    await start(PROXIED);
    const more = { headers: { "x-forwarded-for": "192.0.2.7" } };
    expect((await api.as("technician", "GET", "/metrics", more)).statusCode).toBe(200);
    expect((await api.as("operator", "GET", "/metrics", more)).statusCode).toBe(403);
  });
});

describe("scripts of other origins", () => {
  const PREFLIGHT = {
    origin: "https://map.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization",
  };

  test("are admitted by name, with a token and never with a cookie", async () => {
    await start({ corsOrigins: ["https://map.example"] });
    const url = `/api/v1/incidents/${INCIDENT}/whep`;
    const asked = await api.app.inject({ method: "OPTIONS", url, headers: PREFLIGHT });
    expect([asked.statusCode, asked.body]).toEqual([204, ""]);
    expect(asked.headers).toMatchObject({
      "access-control-allow-origin": "https://map.example",
      "access-control-allow-headers": expect.stringContaining("authorization"),
      "access-control-allow-methods": expect.stringContaining("POST"),
      vary: "Origin",
    });
    const origin = { headers: { origin: "https://map.example" } };
    const list = await api.as("operator", "GET", "/api/v1/incidents", origin);
    expect(list.headers["access-control-allow-origin"]).toBe("https://map.example");
    expect(list.headers["access-control-allow-credentials"]).toBeUndefined();
    expect((await api.app.inject({ ...SIGN_IN, ...origin })).statusCode).toBe(201);
    const cookies = { "anzhu-session": await api.signIn("operator") };
    const answer = `/api/v1/incidents/${INCIDENT}/answer`;
    const byCookie = await api.app.inject({ method: "POST", url: answer, cookies, ...origin });
    expect(byCookie.json()).toMatchObject({ code: "foreign-origin" });
  });

  test("are told nothing when they are not named, nor when nobody is", async () => {
    for (const corsOrigins of [["https://map.example"], []]) {
      await start({ corsOrigins });
      const url = "/api/v1/incidents";
      const headers = { ...PREFLIGHT, origin: "https://evil.example" };
      const asked = await api.app.inject({ method: "OPTIONS", url, headers });
      expect(asked.headers["access-control-allow-origin"]).toBeUndefined();
    }
  });
});
