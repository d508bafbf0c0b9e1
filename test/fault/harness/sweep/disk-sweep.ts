/**
 * B4 and B5 call by call: the n-th fsync, or the n-th write, of the ledger or of the journal fails.
 *
 * Each thread has its own count, so a hub that opens its journal anew may meet the same fault for
 * ever: then it is started again when the fault has passed.
 */
import { join } from "node:path";
import { dataPaths } from "../../../../device/adapters/host/data-dir.ts";
import { until } from "../../../../simulator/demo/hub-client.ts";
import { injected } from "../disk/disk.ts";
import { type Sweep } from "./kill-sweep.ts";
import { endCall, type Street } from "../programs/street.ts";
import { missing } from "../programs/tool.ts";

const FAULTS = ["fsync,fdatasync:error=EIO", "pwrite64:error=ENOSPC"] as const;
const PRESSES = 2;
const START_MS = 20_000;

/** Round n fails call n+1, on both sides, each with both faults. */
export async function failDisks(street: Street, sweep: Sweep): Promise<void | string> {
  const reason = missing("strace");
  if (reason !== undefined) return reason;
  const { id, rounds, from = 0 } = sweep;
  const pillar = await street.add(id);
  const ledger = dataPaths(pillar.dataDir).ledger;
  const journal = join(street.hub.dir, "journal.db");
  pillar.start();
  for (let round = 0; round < rounds; round += 1) {
    for (const fault of FAULTS) {
      const nth = `${fault}:when=${from + round + 1}`;
      await pillar.process().stop();
      pillar.start(injected(nth, ledger));
      await pressOn(street, pillar);
      await street.hub.stop();
      await street.hub.start({ ...injected(nth, journal), waits: false });
      const pressing = pillar.press();
      const isAccepted = await until(START_MS, () => Promise.resolve(pillar.lamp() === "received"));
      if (!isAccepted) {
        await street.hub.crash();
        await street.hub.start();
      }
      await pressing;
      await endCall(street, pillar);
    }
  }
}

async function pressOn(street: Street, pillar: Awaited<ReturnType<Street["add"]>>): Promise<void> {
  await pillar.untilArmed();
  for (let n = 0; n < PRESSES; n += 1) {
    await pillar.press();
    await endCall(street, pillar);
  }
}
