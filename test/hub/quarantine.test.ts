import { describe, expect, test } from "vitest";
import { newHeartbeat, pillar } from "../kit/core/hub-core-street.ts";
import {
  incidents,
  newHub,
  onlyIncident,
  person,
  type FalseHub,
} from "../kit/hub/shell-on-doubles.ts";

const DAY_MS = 86_400_000;

async function enrolUntil(hub: FalseHub, certificateExpiresAt: number): Promise<void> {
  const keys = { certificateSerial: "2", alarmPublicKey: "key", certificateExpiresAt };
  const at = Date.now();
  await hub.shell.commands.record([{ type: "pillar-enrolled", at, pillarId: pillar(0), ...keys }]);
}

const hear = (hub: FalseHub, message: object): Promise<unknown> =>
  hub.shell.linkEvents.onMessage(pillar(0), message as never, "mqtt");

describe("a pillar whose certificate has expired", () => {
  test("is still answered: its alarm rings, marked as unverified", async () => {
    const hub = await newHub();
    await enrolUntil(hub, Date.now() - DAY_MS);
    const answer = await hub.press({ via: "https" });
    expect(answer).toMatchObject({ outcome: "accepted", accepted: { receipt: { seq: 1 } } });
    const { id, isVerified } = await onlyIncident(hub);
    expect(isVerified).toBe(false);
    expect(await hub.shell.reads.incident(id)).toMatchObject({ isVerified: false });
  });

  test("has nothing else counted, is sent no command, and is disconnected", async () => {
    const hub = await newHub();
    await enrolUntil(hub, Date.now() + DAY_MS);
    const heartbeat = { channel: "heartbeat", message: newHeartbeat({ release: "1.0" }) };
    await hear(hub, heartbeat);
    expect(hub.shell.loop.state().pillars.get(pillar(0))).toMatchObject({ release: "1.0" });
    await enrolUntil(hub, Date.now() - DAY_MS);
    // The second enrolment has disconnected the machine of the first one.
    hub.dropped.length = 0;
    await hear(hub, { ...heartbeat, message: newHeartbeat({ release: "2.0" }) });
    expect(hub.shell.loop.state().pillars.get(pillar(0))).toMatchObject({ release: "1.0" });
    expect(hub.dropped).toEqual([pillar(0)]);
    const command = { name: "siren", on: true } as const;
    const answer = await hub.shell.commands.command(pillar(0), { command }, person("wang"));
    expect(answer.ok).toBe(false);
  });

  test("with a signature that does not fit is refused like anybody", async () => {
    const hub = await newHub();
    await enrolUntil(hub, Date.now() - DAY_MS);
    const detail = expect.stringContaining("does not fit");
    expect(await hub.press({ sig: "forged" })).toEqual({ outcome: "refused", detail });
    expect(incidents(hub)).toEqual([]);
  });

  test("and was enrolled again is verified again, also in the incident it had", async () => {
    const hub = await newHub();
    await enrolUntil(hub, Date.now() - DAY_MS);
    await hub.press({ via: "https" });
    await enrolUntil(hub, Date.now() + DAY_MS);
    await hub.press({ seq: 2, eventId: 77 });
    expect(incidents(hub)).toMatchObject([{ isVerified: true, presses: 2 }]);
  });
});

describe("a command to a pillar", () => {
  test("names the connection of its latest heartbeat, and is not sent before there was one", async () => {
    const hub = await newHub();
    const command = { name: "identify", seconds: 5 } as const;
    const early = await hub.shell.commands.command(
      pillar(0),
      { command },
      person("zhao", "technician"),
    );
    expect(early).toMatchObject({ ok: false });
    const sessionNonce = "c".repeat(32) as never;
    await hear(hub, { channel: "heartbeat", message: newHeartbeat({ sessionNonce, seq: 3 }) });
    const resend = hub.sent.find(({ message }) => message.channel === "command")?.message;
    expect(resend).toMatchObject({ message: { body: { sessionNonce, command: { fromSeq: 1 } } } });
    hub.shell.linkEvents.onConnected(pillar(0));
    const late = await hub.shell.commands.command(
      pillar(0),
      { command },
      person("zhao", "technician"),
    );
    expect(late).toMatchObject({ ok: false });
  });
});
