import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Webhook } from "../../../hub/settings/incidents.ts";
import { HubConfig } from "../../../hub/config.ts";
import { sign } from "../../../hub/shell/webhook.ts";
import { newHub, onlyIncident, person, type FalseHub } from "../../kit/hub/shell-on-doubles.ts";
import { waitFor } from "../../kit/run/wait.ts";

const SECRET = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
/** Ticks come once a second, so that all of these are due at the next one. */
const AT_ONCE = { desksAfterMs: 1, supervisorAfterMs: 2, externalAfterMs: 3 };

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver {
  readonly url: string;
  readonly calls: Call[];
  status: number;
}

async function receiver(status: number): Promise<Receiver> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      calls.push({ headers: request.headers, body });
      response.writeHead(self.status, { location: "http://127.0.0.1:1/elsewhere" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const self = { url: `http://127.0.0.1:${port}/hook`, calls, status };
  return self;
}

function hubWith(...receivers: readonly Receiver[]): Promise<FalseHub> {
  const webhooks: Webhook[] = receivers.map(({ url }) => ({ url, secret: SECRET }));
  const targets = webhooks.map(({ url }) => url);
  return newHub({ webhooks, settings: { escalation: { ...AT_ONCE, targets } } });
}

async function factsOf(hub: FalseHub): Promise<string[]> {
  const { id } = await onlyIncident(hub);
  const timeline = await hub.shell.reads.timeline(id);
  const types = timeline?.items.map(({ type }) => type) ?? [];
  return types.filter((type) => type.startsWith("external"));
}

const PATIENT = { timeout: 15_000, interval: 100 };

/** The example body of `docs/installing.md`. */
function documented(): unknown {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/installing.md"), "utf8");
  const [, text = ""] = /```json\n([^]*?)```/.exec(page) ?? [];
  return JSON.parse(text);
}

/** The names of all fields, without their values. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "value";
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === "position" ? "value" : shapeOf(one),
    ]),
  );
}

describe("an incident nobody takes", () => {
  test("is told outside, signed, with the facts a person needs; a redirect is no answer", async () => {
    const [moved, there] = [await receiver(302), await receiver(204)];
    const hub = await hubWith(moved, there);
    await hub.press();
    await waitFor(
      async () => expect(await factsOf(hub)).toEqual(["external-failed", "external-delivered"]),
      PATIENT,
    );
    const [call] = there.calls as [Call];
    const { id } = await onlyIncident(hub);
    expect(JSON.parse(call.body)).toMatchObject({
      type: "incident.unanswered",
      data: { incident: { id, kind: "voice", isVerified: true }, pillar: { name: "东门" } },
    });
    expect(shapeOf(JSON.parse(call.body))).toEqual(shapeOf(documented()));
    const { headers, body } = call;
    const signed = [headers["webhook-id"], headers["webhook-timestamp"], body].join(".");
    const mac = createHmac("sha256", Buffer.alloc(24, 7)).update(signed).digest("base64");
    expect(call.headers["webhook-signature"]).toBe(`v1,${mac}`);
    expect(moved.calls[0]?.headers["webhook-id"]).toBe(call.headers["webhook-id"]);
  }, 30_000);

  test("is still told after a restart of the hub, once, under the same id", async () => {
    const down = await receiver(500);
    const hub = await hubWith(down);
    await hub.press();
    await waitFor(async () => expect(await factsOf(hub)).toEqual(["external-failed"]), PATIENT);
    down.status = 200;
    await hub.restart();
    await waitFor(
      async () => expect(await factsOf(hub)).toEqual(["external-failed", "external-delivered"]),
      PATIENT,
    );
    expect(new Set(down.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(down.calls).toHaveLength(2);
  }, 40_000);

  test("but an incident that the receiver refused for good is not sent there again", async () => {
    const gone = await receiver(410);
    const hub = await hubWith(gone);
    await hub.press();
    await waitFor(async () => expect(await factsOf(hub)).toEqual(["external-gone"]), PATIENT);
    await hub.restart();
    await waitFor(() => expect(hub.shell.loop.state().heard.clock.tickedAtMs).not.toBeNull());
    expect(gone.calls).toHaveLength(1);
    expect([...hub.shell.loop.state().goneTargets]).toEqual([gone.url]);
  }, 30_000);

  test("and is taken before the call came through is owed to nobody any more", async () => {
    const down = await receiver(500);
    const hub = await hubWith(down);
    await hub.press();
    await waitFor(async () => expect(await factsOf(hub)).toEqual(["external-failed"]), PATIENT);
    const { id } = await onlyIncident(hub);
    await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
    expect(hub.shell.loop.state().owedCalls.size).toBe(0);
  }, 30_000);
});

test("the signature is that of the standard's own example", () => {
  const secret = "whsec_plJ3nmyCDGBKInavdOK15jsl";
  const body = '{"event_type":"ping","data":{"success":true}}';
  const unsigned = { id: "msg_loFOjxBNrRLzqYUf", body, seconds: 1_731_705_121 };
  expect(sign(secret, unsigned)["webhook-signature"]).toBe(
    "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
  );
});

test("an address outside must be HTTPS, or on this machine", () => {
  const withUrl = (url: string) =>
    HubConfig.safeParse({
      dataDir: "/x",
      incidents: { escalation: { webhook: { url, secret: SECRET } } },
    }).success;
  expect(withUrl("https://duty.example/hook")).toBe(true);
  expect(withUrl("http://127.0.0.1:9/hook")).toBe(true);
  expect(withUrl("http://duty.example/hook")).toBe(false);
  expect(withUrl("nonsense")).toBe(false);
});
