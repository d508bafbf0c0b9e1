/**
 * Stores presses as fast as the disk allows until it is killed, and prints each that was confirmed.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { sealWith } from "../../../../device/adapters/identity/identity.ts";
import { openLedger } from "../../../../device/adapters/ledger/ledger-sqlite.ts";
import type { LedgerHead } from "../../../../device/core/state/kept.ts";
import { EventId, PillarId } from "../../../../shared/ids.ts";

const ledger = await openLedger(process.argv[2] ?? "");
const { privateKey } = generateKeyPairSync("ed25519");
ledger.onNews((news) => console.error(news));
let head: LedgerHead = ledger.head;
process.stdout.write(`boot ${ledger.bootEpoch}\n`);
for (;;) {
  const alarm = sealWith(privateKey, {
    v: 1,
    eventId: EventId.parse(randomBytes(16).toString("hex")),
    pillarId: PillarId.parse("pillar-1"),
    bootEpoch: ledger.bootEpoch,
    seq: head.seq + 1,
    prevHash: head.hash,
    kind: "voice",
    wallMs: 1_780_000_000_000,
    clock: { synced: false },
  });
  head = { seq: alarm.event.seq, hash: alarm.hash };
  await ledger.append(alarm);
  process.stdout.write(`stored ${head.seq}\n`);
}
