/** Group G: false identities, at a real hub process. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectAsync } from "mqtt";
import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { join as joinPath } from "node:path";
import { enrol } from "../../device/adapters/hub/enrolment.ts";
import { AgentConfig } from "../../device/config.ts";
import { alarmRows, openStreet, type Street } from "./harness/programs/street.ts";
import { tlsOf, wirePillar, type WirePillar } from "./harness/network/wire-pillar.ts";

const SLOW = 60_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

const join = (id: string): Promise<WirePillar> => wirePillar(street, id);

const recordedOf = (pillarId: string): number => alarmRows(street.hub.dir, pillarId).length;

test(
  "G3 a pillar that connects under another's name is refused, and the other is not disturbed",
  { timeout: SLOW },
  async () => {
    const [thief, owner] = [await join("thief"), await join("owner")];
    const link = await owner.connect();
    const attempt = connectAsync({ ...tlsOf(street.hub, thief), clientId: owner.id });
    await expect(attempt).rejects.toThrow(/Identifier rejected/);
    const alarm = await link.press();
    await expect.poll(() => link.isAccepted(alarm)).toBe(true);
    expect(link.client.connected).toBe(true);
  },
);

test(
  "G2 an alarm of another pillar, signed by its own key, is not recorded",
  { timeout: SLOW },
  async () => {
    const [impostor, victim] = [await join("impostor"), await join("victim")];
    const link = await impostor.connect();
    await link.publish("alarm", impostor.envelope(impostor.seal({ pillarId: victim.id })));
    const url = `${street.hub.url}/api/v1/pillars/${victim.id}/alarms`;
    const forged = JSON.stringify(
      impostor.envelope(impostor.seal({ pillarId: victim.id, seq: 1 })),
    );
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: forged });
    expect(answer.status).toBe(403);
    expect([recordedOf(impostor.id), recordedOf(victim.id)]).toEqual([0, 0]);
  },
);

test(
  "G5 a certificate replaced by a new enrolment is refused, also when its TLS session is resumed",
  { timeout: SLOW },
  async () => {
    const old = await join("renewed");
    const { ca, tlsKey: key, tlsCert: cert } = old.identity;
    const wire = { host: "127.0.0.1", port: street.hub.mqttPort, ca, key, cert };
    const first = connectTls(wire);
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    const link = await old.connect({ session } as object);
    await link.client.endAsync();
    await join("renewed");
    const again = connectAsync({ ...tlsOf(street.hub, old), session } as object);
    await expect(again).rejects.toThrow(/Not authorized/);
  },
);

test(
  "G7 one code, five pillars at once: one gets the certificate, and a stranger's wrong tries make no code invalid",
  { timeout: SLOW },
  async () => {
    const code = await street.hub.code("raced");
    const tries = Array.from({ length: 5 }, (_, n) => enrol(configOf("raced", `${n}`), code));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const other = await street.hub.code("guessed");
    const wrong = other.replace(/:[^:]+:/, `:${"A".repeat(22)}:`);
    for (let n = 0; n < 5; n += 1) {
      await expect(enrol(configOf("guessed", "x"), wrong)).rejects.toThrow(
        /wrong, used or expired/,
      );
    }
    await enrol(configOf("guessed", "y"), other);
  },
);

function configOf(id: string, place: string): AgentConfig {
  return AgentConfig.parse({
    pillarId: id,
    dataDir: joinPath(street.dir, `${id}-${place}`),
    hub: { host: "127.0.0.1", mqttPort: street.hub.mqttPort, httpUrl: street.hub.url },
    board: { kind: "modbus", path: "/dev/null" },
  });
}

test(
  "G8 a pillar's key and ledger on a second machine are noticed, and both alarms are kept",
  { timeout: SLOW },
  async () => {
    const original = await join("cloned");
    const link = await original.connect();
    const first = await link.press();
    await expect.poll(() => link.isAccepted(first)).toBe(true);
    // The copy knows what the original knew before, and presses on its own.
    const copied = original.seal({ seq: 1, prevHash: first.event.prevHash });
    const copy = await original.connect();
    await copy.publish("alarm", original.envelope(copied));
    await expect.poll(() => copy.isAccepted(copied)).toBe(true);
    await expect
      .poll(async () => (await street.hub.operator.pillar(original.id)).faults)
      .toContain("ledger-forked");
    expect(recordedOf(original.id)).toBe(2);
  },
);
