/**
 * B8: a ledger whose file is cut, or has a bit flipped, near its end, at every step asked for.
 *
 * It must open, or refuse in words; what it then gives is what was stored or is told as damage.
 * Nothing else may happen, and above all nothing may be given as good that was never stored.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealWith } from "../../../../device/adapters/identity/identity.ts";
import { openStore } from "../../../../device/adapters/ledger/ledger-store.ts";
import type { SealedAlarm } from "../../../../device/core/state/kept.ts";
import { GENESIS } from "../../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../../shared/protocol/alarm.ts";
import { damageEach, keepAsDead, type Torn } from "./torn-file.ts";

const ALARMS = 40;

/** Damages the last bytes of the file and of its write-ahead log, one place at a time. */
export async function tearLedgers(step: number, bytes: number): Promise<Torn> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-torn-"));
  const whole = join(dir, "ledger.db");
  try {
    const stored = new Map((await write(whole)).map((alarm) => [alarm.event.seq, alarm]));
    const seen = (copy: string): Promise<string[]> => Promise.resolve(look(copy, stored));
    return await damageEach({ whole, step, bytes, look: seen });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function write(file: string): Promise<SealedAlarm[]> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const store = openStore(file);
  store.start();
  let prevHash: string = GENESIS;
  const alarms = Array.from({ length: ALARMS }, (_, n) => {
    const event = {
      v: 1,
      eventId: randomBytes(16).toString("hex"),
      pillarId: "torn",
      bootEpoch: 1,
      seq: n + 1,
      prevHash,
      kind: "voice",
      wallMs: n,
      clock: { synced: true },
    } as AlarmEvent;
    const alarm = sealWith(privateKey, event);
    prevHash = alarm.hash;
    store.begin();
    store.append({ alarm, mark: undefined }, n);
    store.commit();
    return alarm;
  });
  await keepAsDead(file, () => store.close());
  return alarms;
}

function look(copy: string, stored: ReadonlyMap<number, SealedAlarm>): string[] {
  let store: ReturnType<typeof openStore> | undefined;
  try {
    store = openStore(copy);
    const { damage } = store.start();
    if (damage.length > 0) return [];
    const wrong = store
      .since(1, ALARMS + 1)
      .filter(({ event, sig }) => stored.get(event.seq)?.sig !== sig);
    return wrong.map(({ event }) => `alarm ${event.seq} was given as good and never stored`);
  } catch (error) {
    // Refused in words: the agent then works from memory and raises a fault.
    return error instanceof Error && error.message !== "" ? [] : ["refused without a word"];
  } finally {
    store?.close();
  }
}
