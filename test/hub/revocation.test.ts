/**
 * Revocation in a real shell: what is disconnected, what is refused, and what a repeated order
 * does.
 */
import { expect, test } from "vitest";
import { FAR_AHEAD, newHeartbeat, pillar } from "../kit/core/hub-core-street.ts";
import {
  incidents,
  newHub,
  onlyIncident,
  person,
  SIGNED_IN,
  type FalseHub,
} from "../kit/hub/shell-on-doubles.ts";
import { waitFor } from "../kit/run/wait.ts";

const ADMIN = person("root", "admin");
const REFUSED = { outcome: "refused", detail: expect.stringContaining("revoked by root") };
const request = { reason: "key-compromised", note: "" } as const;
const recordOf = (hub: FalseHub) => hub.shell.loop.state().pillars.get(pillar(0))!;

const enrolAgain = async (hub: FalseHub): Promise<void> => {
  const keys = { certificateSerial: "2", alarmPublicKey: "new", certificateExpiresAt: FAR_AHEAD };
  const at = Date.now();
  await hub.shell.commands.record([{ type: "pillar-enrolled", at, pillarId: pillar(0), ...keys }]);
};

test("a revoked pillar is cut off, its media ends, and its alarms are refused by both ways", async () => {
  const hub = await newHub();
  expect(await hub.shell.commands.revoke(pillar(0), request, ADMIN)).toEqual({ ok: true });
  expect(hub.dropped).toEqual([pillar(0)]);
  expect(hub.toMedia).toContainEqual({ type: "pillar-gone", pillarId: pillar(0) });
  expect(await hub.press({ via: "https" })).toEqual(REFUSED);
  expect(await hub.press({ via: "mqtt" })).toEqual(REFUSED);
  expect(incidents(hub)).toEqual([]);
  const heartbeat = { channel: "heartbeat", message: newHeartbeat({ release: "9" }) } as const;
  await hub.shell.linkEvents.onMessage(pillar(0), heartbeat, "mqtt");
  expect(recordOf(hub).release).toBeNull();
  const command = { name: "siren", on: true } as const;
  expect((await hub.shell.commands.command(pillar(0), { command }, ADMIN)).ok).toBe(false);
  await hub.restart();
  expect(await hub.press({ via: "https" })).toEqual(REFUSED);
});

test("a pillar revoked in a call hears that it is over, before it is cut off, and nothing after that", async () => {
  const hub = await newHub();
  await hub.press();
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
  hub.sent.length = 0;
  await hub.shell.commands.revoke(pillar(0), request, ADMIN);
  await hub.shell.commands.order(id, { name: "hold", held: true }, person("wang"));
  await hub.shell.commands.order(
    id,
    { name: "transfer", to: person("li").username, toName: "li" },
    person("wang"),
  );
  expect(hub.sent).toMatchObject([
    {
      pillarId: pillar(0),
      message: { channel: "call", message: { body: { call: { status: "ended" } } } },
    },
  ]);
  expect(await onlyIncident(hub)).toMatchObject({ state: "open" });
});

test("a command that waits for the disk while the identity ends is not sent", async () => {
  const hub = await newHub();
  await hub.press();
  const heartbeat = { channel: "heartbeat", message: newHeartbeat({ bootEpoch: 1 }) } as const;
  await hub.shell.linkEvents.onMessage(pillar(0), heartbeat, "mqtt");
  hub.sent.length = 0;
  const sent = hub.shell.commands.command(pillar(0), { command: { name: "self-test" } }, ADMIN);
  await hub.shell.commands.revoke(pillar(0), request, ADMIN);
  expect(await sent).toMatchObject({ ok: false });
  expect(hub.sent.filter(({ message }) => message.channel === "command")).toEqual([]);
});

test("nobody watches or talks through a revoked pillar, also not in an incident that goes on", async () => {
  const hub = await newHub();
  await hub.press();
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.revoke(pillar(0), request, ADMIN);
  const offer = {
    purpose: "call",
    incidentId: id,
    role: "watch",
    sdp: "v=0",
    by: person("wang"),
    ...SIGNED_IN,
  } as const;
  expect(await hub.shell.commands.view(offer)).toMatchObject({ ok: false, code: "conflict" });
  const told = await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
  expect(told).toMatchObject({ ok: true, incident: { isVerified: false } });
  await waitFor(async () => {
    const timeline = await hub.shell.reads.timeline(id);
    expect(timeline?.items.map(({ type }) => type)).toContain("incident-pillar-revoked");
  });
});

test("the same order repeated under its key is answered as before, and revokes no newer identity", async () => {
  const hub = await newHub();
  const revoke = (key: string) => hub.shell.commands.revoke(pillar(0), request, ADMIN, key);
  expect(await revoke("one")).toEqual({ ok: true });
  await enrolAgain(hub);
  expect(await revoke("one")).toEqual({ ok: true });
  expect(recordOf(hub).revocation).toBeNull();
  await hub.press({ via: "https" });
  expect(incidents(hub)).toHaveLength(1);
  expect(await revoke("two")).toEqual({ ok: true });
  expect(recordOf(hub).revocation).toMatchObject({ byName: "root" });
});

test("the certificate that was shown is revoked, or nothing", async () => {
  const hub = await newHub();
  await enrolAgain(hub);
  expect(hub.dropped.splice(0)).toEqual([pillar(0)]);
  const stale = { ...request, certificateSerial: "1" };
  expect(await hub.shell.commands.revoke(pillar(0), stale, ADMIN)).toMatchObject({
    ok: false,
    code: "conflict",
    detail: "expected the certificate 1, found 2",
  });
  expect(hub.dropped).toEqual([]);
});
