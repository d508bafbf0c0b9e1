/** The event stream and byte ranges over real sockets. */
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HubConfig } from "../../hub/config.ts";
import { openAccounts } from "../../hub/accounts/accounts.ts";
import { cursorOf, indexAt } from "../../hub/api/cursor.ts";
import { MAX_STREAMS_PER_SESSION } from "../../hub/api/event-streams.ts";
import type { Role } from "../../shared/api/session.ts";
import { Username, type CellId } from "../../shared/ids.ts";
import {
  HUB_EPOCH,
  JOURNAL,
  incident,
  incidentEvent,
  pillar,
  RECORDING,
  startTestApi,
} from "../kit/hub/api-on-doubles.ts";
import type { TestApi } from "../kit/hub/api-on-doubles.ts";
import { waitFor, waitUntil } from "../kit/run/wait.ts";

let api: TestApi;
let base: string;
const opened: AbortController[] = [];
beforeEach(async () => {
  api = await startTestApi();
  base = await api.listen();
});
afterEach(async () => {
  for (const stream of opened.splice(0)) stream.abort();
  await api?.close();
});

interface StreamState {
  /** Everything received so far. */
  text: string;
  readonly ids: number[];
  unfinished: string;
  isEnded: boolean;
  readonly response: Response;
}

async function listenAs(role: Role, headers: Record<string, string> = {}): Promise<StreamState> {
  const abort = new AbortController();
  opened.push(abort);
  const authorization = `Bearer ${await api.signIn(role)}`;
  const response = await fetch(`${base}/api/v1/events`, {
    headers: { authorization, ...headers },
    signal: abort.signal,
  });
  const stream: StreamState = { text: "", ids: [], unfinished: "", isEnded: false, response };
  void (async () => {
    try {
      for await (const chunk of response.body!) hear(stream, Buffer.from(chunk).toString());
    } catch (error) {
      if (!abort.signal.aborted) stream.text += `broken: ${String(error)}`;
    }
    stream.isEnded = true;
  })();
  return stream;
}

/** Ids are noted as their lines come: the text may be long. */
function hear(stream: StreamState, text: string): void {
  stream.text += text;
  const lines = (stream.unfinished + text).split("\n");
  stream.unfinished = lines.pop() ?? "";
  for (const line of lines) {
    if (line.startsWith("id: ")) stream.ids.push(indexAt(JOURNAL, line.slice(4))!);
  }
}

const idsOf = ({ ids }: StreamState): number[] => ids;

test("a stream opens with hello and then carries each event with its place", async () => {
  const stream = await listenAs("operator");
  expect(stream.response.headers.get("content-type")).toContain("text/event-stream");
  expect(stream.response.headers.get("content-security-policy")).toContain("default-src 'self'");
  await expect.poll(() => stream.text).toContain("event: hello");
  expect(stream.text).toMatch(/^retry: 2000\n\nevent: hello\n/);
  expect(stream.text).toContain(HUB_EPOCH);
  api.publish(incidentEvent(7));
  await expect
    .poll(() => stream.text)
    .toContain(`id: ${cursorOf(JOURNAL, 7)}\nevent: incident\ndata: {`);
});

test("what was missed is replayed after Last-Event-ID, in order and once", async () => {
  api.past.push(...[1, 2, 3, 4, 5].map(incidentEvent));
  const stream = await listenAs("operator", { "last-event-id": cursorOf(JOURNAL, 2) });
  api.publish(incidentEvent(5));
  api.publish(incidentEvent(6));
  await expect.poll(() => idsOf(stream).at(-1)).toBe(6);
  expect(idsOf(stream).filter((id) => id !== 5)).toEqual([3, 4, 6]);
  expect(idsOf(stream)).toContain(5);
});

test("a client that missed too much is told to fetch everything again", async () => {
  api.past.push(...[50, 51].map(incidentEvent));
  const stream = await listenAs("operator", { "last-event-id": cursorOf(JOURNAL, 2) });
  await expect.poll(() => stream.text).toContain("event: reload");
  api.publish(incidentEvent(52));
  await expect.poll(() => idsOf(stream)).toEqual([52]);
});

test.each(["2", "-1", "", "x".repeat(200), cursorOf({ ...JOURNAL, cell: "2" as CellId }, 2)])(
  "a place in another journal, or none (%j), is told to fetch everything again",
  async (cursor) => {
    api.past.push(...[1, 2, 3].map(incidentEvent));
    const stream = await listenAs("operator", { "last-event-id": cursor });
    await expect.poll(() => stream.text).toContain("event: reload");
    expect(idsOf(stream)).toEqual([]);
  },
);

test("a technician hears of pillars and of self-tests, and of no incident", async () => {
  const stream = await listenAs("technician");
  await expect.poll(() => stream.text).toContain("hello");
  api.publish(incidentEvent(1));
  api.publish({ index: 2, event: { type: "pillar", pillar } });
  api.publish({ index: 3, event: { type: "incident", incident: { ...incident, kind: "test" } } });
  await expect.poll(() => idsOf(stream)).toEqual([2, 3]);
});

test("signing out ends the stream", async () => {
  const stream = await listenAs("operator");
  await expect.poll(() => stream.text).toContain("hello");
  await api.as("operator", "DELETE", "/api/v1/sessions/current");
  await expect.poll(() => stream.isEnded).toBe(true);
});

test("a session holds a bounded number of streams", async () => {
  for (let n = 0; n < MAX_STREAMS_PER_SESSION; n++) await listenAs("operator");
  const refused = await listenAs("operator");
  expect(refused.response.status).toBe(429);
  await expect.poll(() => refused.text).toContain("too-many-windows");
});

test("without a session there is no stream", async () => {
  const response = await fetch(`${base}/api/v1/events`);
  expect(response.status).toBe(401);
});

test("a client that does not read is let go, and the others go on", async () => {
  const healthy = await listenAs("operator");
  const token = await api.signIn("supervisor");
  const { hostname, port } = new URL(base);
  const frozen = connect(Number(port), hostname);
  frozen.pause();
  frozen.on("error", () => {});
  frozen.write(
    `GET /api/v1/events HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await expect.poll(async () => (await metrics()).includes("anzhu_event_streams 2")).toBe(true);
  const large = incidentEvent(1);
  if (large.event.type === "incident") large.event.incident.note = "x".repeat(100_000);
  for (let index = 1; index <= 200; index++) {
    api.publish({ ...large, index });
    await waitUntil(() => idsOf(healthy).at(-1) === index, { interval: 1, timeout: 15_000 });
  }
  expect(await metrics()).toContain("anzhu_event_streams 1");
  api.publish(incidentEvent(500));
  await expect.poll(() => idsOf(healthy).at(-1)).toBe(500);
  frozen.destroy();
});

const metrics = async (): Promise<string> => (await api.app.inject({ url: "/metrics" })).body;

test("a recording is served in parts over a real socket", async () => {
  const bytes = Buffer.alloc(300_000, "0123456789");
  await writeFile(join(api.dir, "recording.mp4"), bytes);
  const headers = {
    authorization: `Bearer ${await api.signIn("operator")}`,
    range: "bytes=100000-",
  };
  const response = await fetch(`${base}/api/v1/recordings/${RECORDING}/media`, { headers });
  expect(response.status).toBe(206);
  expect(response.headers.get("content-length")).toBe("200000");
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(100_000))).toBe(true);
});

test("a request that never finishes its headers is cut off", async () => {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(`GET / HTTP/1.1\r\nHost: hub\r\nX: ${"x".repeat(9000)}\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toContain("HTTP/1.1 431");
  socket.destroy();
});

test("outside loopback the interface is HTTPS with the hub's own certificate", async () => {
  const secure = await startTestApi({
    config: HubConfig.parse({ dataDir: api.dir, http: { host: "0.0.0.0" } }),
  });
  await secure.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = secure.app.server.address() as AddressInfo;
  const ca = secure.authority.caCertificate;
  const socket = connectTls({ host: "127.0.0.1", port, ca });
  await once(socket, "secureConnect");
  // An enrolling pillar sees the authority it is to pin.
  const root = socket.getPeerCertificate(true).issuerCertificate;
  expect(root.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(
    secure.authority.caFingerprint,
  );
  socket.destroy();
  const account = { username: Username.parse("li"), displayName: "Li", role: "operator" } as const;
  const accounts = openAccounts(join(secure.dir, "accounts.db"));
  await accounts.add({ ...account, password: "a lamp in the rain" }, null);
  const demo = { ...account, username: Username.parse("demo"), password: "demo", isDemo: true };
  await accounts.add(demo, null);
  accounts.close();
  const signIn = (body: object): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const post = httpsRequest(
        {
          host: "127.0.0.1",
          port,
          ca,
          method: "POST",
          path: "/api/v1/sessions",
          headers: { "content-type": "application/json" },
        },
        (response) => {
          response.resume();
          resolve(response);
        },
      );
      post.on("error", reject);
      post.end(JSON.stringify(body));
    });
  // A demo account's password is known to everybody: it is good on its own machine only.
  const refused = await signIn({ username: "demo", password: "demo" });
  expect(refused.statusCode).toBe(403);
  const own = await signIn({ username: "li", password: "a lamp in the rain" });
  expect(own.headers["set-cookie"]?.[0]).toMatch(
    /^__Host-anzhu-session=.*Path=\/.*HttpOnly.*Secure.*SameSite=Strict/,
  );
  await secure.close();
});

test("the hub is told who holds a stream, who answers, and who has gone", async () => {
  const stream = await listenAs("operator");
  expect(api.signs).toContain("operator connected");
  const answer = await api.as("operator", "POST", "/api/v1/presence");
  expect(answer.statusCode).toBe(204);
  expect(api.signs.at(-1)).toBe("operator beat");
  expect(api.signs).toContain("operator seen");
  opened.at(-1)?.abort();
  await waitFor(() => expect(api.signs.at(-1)).toBe("operator disconnected"));
  await waitFor(() => expect(stream.isEnded).toBe(true));
});
