/**
 * The register of identities: one line of JSON for each that
 * was given or taken, beside the keys of the authority.
 *
 * It is not part of the journal and is not put back with it. It is needed only after the journal
 * was put back. A line that cannot be read is logged and passed over, because a hub that does not
 * start answers no alarm.
 *
 * Limit: it holds what the latest enrolment of each pillar
 * needs; older lines are removed when the hub starts.
 */
import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sync, writeWhole } from "../../shared/host/whole-file.ts";
import type { PillarId } from "../../shared/ids.ts";
import type { IdentityFact } from "../core/facts.ts";
import type { IdentityRegister } from "./identities.ts";
import { sinceEnrolment } from "./reconcile.ts";

const NAME = "register.jsonl";

type Kept = Map<PillarId, readonly IdentityFact[]>;

export function openRegister(dataDir: string, complain: (text: string) => void): IdentityRegister {
  const directory = join(dataDir, "authority");
  const file = join(directory, NAME);
  let last: Promise<void> = Promise.resolve();
  const keep = async (facts: readonly IdentityFact[]): Promise<void> => {
    const isNew = !existsSync(file);
    const handle = await open(file, "a", 0o600);
    const { size } = await handle.stat();
    try {
      await handle.appendFile(linesOf(facts));
      await handle.datasync();
    } catch (error) {
      // Half a line would spoil the next one.
      await handle.truncate(size);
      throw error;
    } finally {
      await handle.close();
    }
    if (isNew) await sync(directory);
  };
  return {
    // One after the other: two writers would mix their lines.
    keep: (facts) => {
      const done = last.then(() => keep(facts));
      last = done.catch(() => undefined);
      return done;
    },
    read: async () => {
      if (!existsSync(file)) return new Map();
      const { kept, lines, unreadable } = await readAll(file);
      if (unreadable > 0) {
        const found = `${file}: ${unreadable} of ${lines} lines cannot be read`;
        complain(
          `${found}: if a backup of the journal was put back, revoke again what was revoked`,
        );
      }
      const needed = [...kept.values()].reduce((sum, facts) => sum + facts.length, 0);
      if (unreadable > 0 || lines > 2 * needed) {
        await writeWhole(file, [...kept.values()].map(linesOf));
      }
      return kept;
    },
  };
}

const linesOf = (facts: readonly IdentityFact[]): string =>
  facts.map((fact) => `${JSON.stringify(fact)}\n`).join("");

async function readAll(file: string): Promise<{ kept: Kept; lines: number; unreadable: number }> {
  const kept: Kept = new Map();
  let lines = 0;
  let unreadable = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    lines += 1;
    const fact = parse(line);
    if (!fact) unreadable += 1;
    else kept.set(fact.pillarId, sinceEnrolment(kept.get(fact.pillarId) ?? [], fact));
  }
  return { kept, lines, unreadable };
}

function parse(line: string): IdentityFact | undefined {
  try {
    return JSON.parse(line) as IdentityFact;
  } catch {
    // Counted by the caller.
    return undefined;
  }
}
