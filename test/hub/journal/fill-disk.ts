/**
 * Runs on a disk of 4 MB in a mount namespace of its own: fills it, makes room again, and prints
 * what happened.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openJournal } from "../../../hub/journal/journal.ts";
import { press, registered } from "../../kit/journal/press.ts";

const [directory = ""] = process.argv.slice(2);
const filler = join(directory, "filler");
const fillers: string[] = [];
const journal = await openJournal(join(directory, "journal.db"));
await journal.append([registered()]);

/** Appends until the disk is full. Returns the number of the last durable row. */
async function appendUntilFull(from: number): Promise<{ last: number; reason: string }> {
  for (let seq = from; ; seq++) {
    try {
      await journal.append(press(seq));
    } catch (error) {
      return { last: seq - 1, reason: String(error) };
    }
  }
}

function fill(): void {
  for (let size = 1 << 20; size >= 4096; size >>= 1) {
    for (let n = 0; ; n++) {
      const name = `${filler}-${size}-${n}`;
      fillers.push(name);
      try {
        writeFileSync(name, Buffer.alloc(size, 1));
      } catch (error) {
        rmSync(name, { force: true });
        if (!String(error).includes("ENOSPC")) throw error;
        break; // full at this size: try a smaller one
      }
    }
  }
}

fill();
const full = await appendUntilFull(1);
const shut = await journal.append(press(full.last + 1)).then(
  () => "accepted",
  () => "refused",
);
for (const name of fillers) rmSync(name, { force: true });
await journal.reopen();
const facts: unknown[] = [];
await journal.replay({ snapshot: () => false, fact: (fact) => facts.push(fact) });
await journal.append(press(full.last + 1));
await journal.close();
process.stdout.write(JSON.stringify({ ...full, shut, kept: facts.length }));
