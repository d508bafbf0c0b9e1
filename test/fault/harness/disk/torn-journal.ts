/**
 * B8 at the hub: a journal whose file is cut, or has a
 * bit flipped, near its end, at every step asked for.
 *
 * It must fold, or refuse in words; what it folds is what was written, from the beginning on and
 * without a hole. Rows cut off at the end are not missed here: the pillars' heads show them (B9).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fact } from "../../../../hub/core/facts.ts";
import { openForReading, openShaped } from "../../../../shared/host/sqlite.ts";
import { openJournal } from "../../../../hub/journal/journal.ts";
import { JOURNAL_SHAPE } from "../../../../hub/journal/schema.ts";
import { replay } from "../../../../hub/journal/replay.ts";
import { press, registered } from "../../../kit/journal/press.ts";
import { damageEach, keepAsDead, type Torn } from "./torn-file.ts";

const CALLS = 40;

/** Damages the last bytes of the file and of its write-ahead log, one place at a time. */
export async function tearJournals(step: number, bytes: number): Promise<Torn> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-torn-"));
  const whole = join(dir, "journal.db");
  try {
    const written = await write(whole);
    return await damageEach({ whole, step, bytes, look: (copy) => look(copy, written) });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function write(file: string): Promise<readonly string[]> {
  const journal = await openJournal(file);
  const batches = [[registered()], ...Array.from({ length: CALLS }, (_, n) => press(n + 1))];
  for (const facts of batches) await journal.append(facts);
  await keepAsDead(file, () => journal.close());
  return batches.flat().map(textOf);
}

const textOf = (fact: Fact): string => JSON.stringify(fact);

/** As `openJournal` does it, without its thread. */
async function look(copy: string, written: readonly string[]): Promise<readonly string[]> {
  const found: Fact[] = [];
  let reader: ReturnType<typeof openForReading> | undefined;
  try {
    openShaped(copy, JOURNAL_SHAPE).close();
    reader = openForReading(copy);
    replay(reader, { snapshot: () => false, fact: (fact) => void found.push(fact) });
  } catch (error) {
    // Refused in words: the hub does not start, and its doctor says what to do.
    return error instanceof Error && error.message !== "" ? [] : ["refused without a word"];
  } finally {
    reader?.close();
  }
  const wrong = found.findIndex((fact, n) => textOf(fact) !== written[n]);
  return wrong === -1 ? [] : [`row ${wrong + 1} was given as good and never written`];
}
