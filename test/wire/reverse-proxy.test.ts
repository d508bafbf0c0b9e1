/**
 * A real hub behind Debian's nginx, with the lines of docs/reverse-proxy.md: TLS ends at the proxy.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request } from "node:https";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HubConfig } from "../../hub/config.ts";
import { recordingPath } from "../../hub/journal/read/api-shape.ts";
import { PING_INTERVAL_MS } from "../../shared/api/event.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import type { Recording } from "../../shared/api/incident.ts";
import { PASSWORD } from "../../simulator/demo/demo-hub.ts";
import { until } from "../../simulator/demo/hub-client.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { wirePillar } from "../fault/harness/network/wire-pillar.ts";
import { connected, newConnection } from "../kit/media/media-rig.ts";
import {
  documentedSettings,
  noNginx,
  startNginx,
  type Documented,
  type Nginx,
} from "../kit/programs/nginx.ts";
import { freePort } from "../kit/programs/free-ports.ts";

const HOST = "hub.example";

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From which of this machine's addresses. */
  readonly from?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Case {
  readonly how: string;
  readonly kind: Documented;
  readonly change?: (lines: string) => string;
}

const CASES: readonly Case[] = [
  { how: "with a name of its own", kind: "name" },
  { how: "under a path", kind: "path" },
  {
    how: "with a path that is handed on",
    kind: "path",
    change: (lines) => lines.replace("8110/;", "8110;"),
  },
  {
    how: "that changes Host",
    kind: "name",
    change: (lines) => lines.replace(/.*proxy_set_header Host.*\n/, ""),
  },
];

const reason = noNginx();
describe.skipIf(reason !== undefined).each(CASES)("a hub behind nginx $how", ({ kind, change }) => {
  const base = kind === "path" ? "/anzhu" : "";
  const recording = randomBytes(300_000);
  let street: Street;
  let nginx: Nginx;
  let port: number;
  let ca: string;
  let incidentId: string;

  beforeAll(async () => {
    port = await freePort();
    const { host: _host, port: _port, publicUrl, ...http } = documentedSettings(kind);
    const publicly = String(publicUrl).replace(HOST, `${HOST}:${port}`);
    const settings = HubConfig.shape.http.parse({ ...http, publicUrl: publicly });
    street = await openStreet({ http: settings });
    const authority = await openAuthority(street.hub.dir, []);
    ca = authority.caCertificate;
    const tls = await authority.certifyBroker([HOST]);
    const hubPort = Number(new URL(street.hub.url).port);
    const dir = join(street.dir, "nginx");
    nginx = await startNginx({ dir, port, hubPort, tls, kind, ...(change && { change }) });
    const link = await (await wirePillar(street, "pillar-1")).connect();
    await link.press();
    await until(10_000, async () => (await street.hub.operator.active()).length === 1);
    incidentId = (await street.hub.operator.active())[0]?.id ?? "";
  });
  afterAll(async () => {
    await nginx?.close();
    await street?.close();
  });

  async function open(path: string, asked: Asked = {}): Promise<IncomingMessage> {
    const { method = "GET", headers = {}, body, from = "127.0.0.1" } = asked;
    const sent = request({
      // No name server knows the name.
      host: "127.0.0.1",
      servername: HOST,
      port,
      path: base + path,
      method,
      headers: { host: `${HOST}:${port}`, connection: "close", ...headers },
      localAddress: from,
      ca,
    });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return answer;
  }

  async function ask(path: string, asked: Asked = {}): Promise<Answered> {
    const answer = await open(path, asked);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: Buffer.concat(parts),
    };
  }

  const signIn = (username: string, password: string, from = "127.0.0.1"): Promise<Answered> =>
    ask("/api/v1/sessions", {
      method: "POST",
      // As a browser without Sec-Fetch-Site, and one that lies about where it is.
      headers: {
        "content-type": "application/json",
        origin: `https://${HOST}:${port}`,
        "x-forwarded-for": `198.51.100.${Math.floor(Math.random() * 250)}`,
      },
      body: JSON.stringify({ username, password }),
      from,
    });

  const cookieOf = ({ headers }: Answered): string =>
    headers["set-cookie"]?.[0]?.split(";")[0] ?? "";

  test("a person signs in, and the cookie is Secure and stays within the path", async () => {
    const answer = await signIn("operator", PASSWORD);
    expect(answer.status).toBe(201);
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(base ? /^__Secure-anzhu-session=/ : /^__Host-anzhu-session=/);
    expect(cookie).toContain(`Path=${base || "/"};`);
    expect(cookie).toContain("Secure");
    const headers = { cookie: cookieOf(answer) };
    const mine = await ask("/api/v1/sessions/current", { headers });
    expect(JSON.parse(mine.body.toString())).toMatchObject({ username: "operator" });
    const foreign = await ask("/api/v1/sessions/current", {
      method: "DELETE",
      headers: { ...headers, origin: "https://evil.example" },
    });
    expect([foreign.status, foreign.body.toString()]).toEqual([
      403,
      expect.stringContaining("foreign-origin"),
    ]);
  });

  test("the event stream is not held back", async () => {
    const headers = { cookie: cookieOf(await signIn("operator", PASSWORD)) };
    const stream = await open("/api/v1/events", { headers });
    expect(stream.headers["content-type"]).toContain("text/event-stream");
    const startedAt = performance.now();
    let text = "";
    for await (const part of stream) {
      text += String(part);
      if (text.includes("event: ping")) break;
    }
    expect(text).toContain("event: hello");
    // One ping comes each interval; nginx would hold 4 or 8 kB, which take minutes.
    expect(performance.now() - startedAt).toBeLessThan(2 * PING_INTERVAL_MS + 2000);
    stream.destroy();
  });

  test("a console's offer is answered, connects, and ends where Location says", async () => {
    const headers = { authorization: `Bearer ${await token()}` };
    const connection = newConnection();
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addTransceiver("audio", { direction: "recvonly" });
    await connection.setLocalDescription(await connection.createOffer());
    const answer = await ask(`/api/v1/incidents/${incidentId}/whep`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/sdp" },
      body: connection.localDescription?.sdp ?? "",
    });
    expect([answer.status, answer.headers["content-type"]]).toEqual([201, "application/sdp"]);
    await connection.setRemoteDescription({ type: "answer", sdp: answer.body.toString() });
    await connected(connection);
    const { location = "" } = answer.headers;
    expect(location.startsWith(`${base}/api/v1/incidents/${incidentId}/whep/`)).toBe(true);
    const ended = await ask(location.slice(base.length), { method: "DELETE", headers });
    expect(ended.status).toBe(204);
    await connection.close();
  });

  test("a recording comes in the parts that are asked for", async () => {
    const headers = { authorization: `Bearer ${await token()}` };
    const { operator } = street.hub;
    await operator.order(incidentId, "answer");
    await operator.order(incidentId, "close", { disposition: "resolved", note: "" });
    const isRunning = (): Promise<boolean> =>
      operator.recordings(incidentId).then((all) => all.some(({ state }) => state === "recording"));
    await until(10_000, async () => !(await isRunning()));
    const found = await operator.recordings(incidentId);
    const { id } = found[0] as Recording;
    // No picture came from this pillar, and its recorder writes no more: the file is ours to make.
    const startedAt = Date.parse(found[0]?.startedAt ?? "");
    const file = join(street.hub.dir, recordingPath({ id, startedAt }));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, recording);
    const path = `/api/v1/recordings/${id}/media`;
    const head = await ask(path, { method: "HEAD", headers });
    expect([head.status, head.headers["content-length"]]).toEqual([200, "300000"]);
    const part = await ask(path, { headers: { ...headers, range: "bytes=1000-250999" } });
    expect([part.status, part.headers["content-range"]]).toEqual([206, "bytes 1000-250999/300000"]);
    expect(part.body.equals(recording.subarray(1000, 251_000))).toBe(true);
    const beyond = await ask(path, { headers: { ...headers, range: "bytes=300000-" } });
    expect([beyond.status, beyond.headers["content-range"]]).toEqual([416, "bytes */300000"]);
  });

  test("a limit is of one person, not of everybody behind the proxy", async () => {
    for (let n = 0; n < 11; n++) await signIn("supervisor", "a wrong guess", "127.0.0.2");
    expect((await signIn("supervisor", PASSWORD, "127.0.0.2")).status).toBe(429);
    expect((await signIn("supervisor", PASSWORD, "127.0.0.3")).status).toBe(201);
  });

  test("the metrics and the reasons of health are for who is signed in", async () => {
    expect((await ask("/metrics")).status).toBe(401);
    expect((await ask("/readyz")).body.toString()).toBe('{"status":"ok"}');
    expect((await fetch(`${street.hub.url}/metrics`)).status).toBe(200);
  });

  test("the console's page says where the hub is", async () => {
    const page = await ask("/desk");
    // 503: it has not been built here.
    expect([200, 503]).toContain(page.status);
    const isBuilt = page.status === 200;
    expect(page.body.toString()).toContain(isBuilt ? `<base href="${base}/" />` : "npm run build");
  });

  async function token(): Promise<string> {
    const answer = await signIn("operator", PASSWORD);
    return (JSON.parse(answer.body.toString()) as { token: string }).token;
  }
});
