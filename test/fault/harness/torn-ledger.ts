/**
 * B8: a ledger whose file is cut, or has a bit flipped, near its end, at every step asked for.
 *
 * It must open, or refuse in words; what it then gives is what was stored or is told as damage. Nothing
 * else may happen, and above all nothing may be given as good that was never stored.
 */
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealWith } from "../../../device/adapters/identity.ts";
import { openStore } from "../../../device/adapters/ledger-store.ts";
import type { SealedAlarm } from "../../../device/ports.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";

const ALARMS = 40;

export interface Torn {
  readonly cuts: number;
  readonly flips: number;
  readonly complaints: readonly string[];
}

/** Damages the last bytes of the file and of its write-ahead log, one place at a time. */
export function tearLedgers(step: number, bytes: number): Promise<Torn> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-torn-"));
  const whole = join(dir, "ledger.db");
  const stored = new Map(write(whole).map((alarm) => [alarm.event.seq, alarm]));
  const complaints: string[] = [];
  let [cuts, flips] = [0, 0];
  for (const suffix of ["", "-wal"]) {
    const { length } = readFileSync(whole + suffix);
    for (let back = 1; back <= Math.min(bytes, length); back += step) {
      const at = length - back;
      complaints.push(...attempt(dir, stored, (copy) => truncateSync(copy + suffix, at)));
      complaints.push(...attempt(dir, stored, (copy) => flip(copy + suffix, at)));
      cuts += 1;
      flips += 1;
    }
  }
  rmSync(dir, { recursive: true, force: true });
  return Promise.resolve({ cuts, flips, complaints });
}

function write(file: string): SealedAlarm[] {
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
  // As a dead process leaves it: the write-ahead log is not folded into the file.
  for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, `${file}.dead${suffix}`);
  store.close();
  for (const suffix of ["", "-wal"]) copyFileSync(`${file}.dead${suffix}`, file + suffix);
  return alarms;
}

function attempt(
  dir: string,
  stored: ReadonlyMap<number, SealedAlarm>,
  damage: (copy: string) => void,
): string[] {
  const copy = join(dir, "copy.db");
  for (const suffix of ["", "-wal"]) {
    copyFileSync(join(dir, "ledger.db") + suffix, copy + suffix);
  }
  damage(copy);
  try {
    return look(copy, stored);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
  }
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

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
  writeFileSync(file, bytes);
}
