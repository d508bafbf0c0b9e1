/**
 * Thousands of pillars enrolled at once, in the data of a hub that does not run.
 *
 * Each has its own two keys, its certificate is issued by the hub's own authority from its own
 * request, and what the hub knows of it is written by the hub's own journal: the hub finds them as
 * if they had come one by one with a code each. Only the codes are left out.
 */
import { join } from "node:path";
import { makeKeys } from "../../device/adapters/identity/key-pair.ts";
import type { Fact } from "../../hub/core/facts.ts";
import { lockData } from "../../hub/storage/data-lock.ts";
import { openJournal } from "../../hub/journal/journal.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import type { Authority } from "../../hub/identity/ports.ts";
import { PillarId } from "../../shared/ids.ts";

/** What one pillar keeps of its enrolment; keys and certificate in PEM. */
export interface Enrolled {
  readonly pillarId: PillarId;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly alarmKey: string;
}

/** What every pillar of one hub has in common. */
export interface Trust {
  readonly ca: string;
  readonly hubPublicKey: string;
}

export interface Enrolment extends Trust {
  readonly pillars: readonly Enrolled[];
}

/** Pillars certified and written down together. */
const AT_ONCE = 50;
/** A grid cell of a city has about so many. */
const PER_GRID = 25;

/** `hubDir`: the hub's data directory; it is made when it is not there. */
export async function enrolMany(hubDir: string, count: number): Promise<Enrolment> {
  const lock = lockData(hubDir);
  const authority = await openAuthority(hubDir, []);
  const journal = await openJournal(join(hubDir, "journal.db"));
  const pillars: Enrolled[] = [];
  try {
    for (let from = 0; from < count; from += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => from + n);
      const made = await Promise.all(numbers.map((number) => enrolOne(authority, number)));
      await journal.append(made.flatMap(({ facts }) => facts));
      pillars.push(...made.map(({ pillar }) => pillar));
    }
  } finally {
    await journal.close();
    lock.release();
  }
  return { ca: authority.caCertificate, hubPublicKey: authority.hubPublicKey, pillars };
}

export const loadPillarId = (number: number): PillarId =>
  PillarId.parse(`load-${String(number + 1).padStart(5, "0")}`);

async function enrolOne(
  authority: Pick<Authority, "issue">,
  number: number,
): Promise<{ readonly pillar: Enrolled; readonly facts: readonly Fact[] }> {
  const pillarId = loadPillarId(number);
  const { tlsKey, csr, alarmKey, alarmPublicKey } = await makeKeys(pillarId);
  const { certificate, serial, expiresAt } = await authority.issue(csr, pillarId);
  const at = Date.now();
  const grid = `load ${Math.floor(number / PER_GRID) + 1}`;
  return {
    pillar: { pillarId, tlsKey, tlsCert: certificate, alarmKey },
    facts: [
      {
        ...{ type: "pillar-registered", at, pillarId, name: pillarId },
        ...{ grid, address: "", position: null },
      },
      {
        ...{ type: "pillar-enrolled", at, pillarId, alarmPublicKey },
        ...{ certificateSerial: serial, certificateExpiresAt: expiresAt },
      },
    ],
  };
}
