/** Group B at the hub: a journal as a disk may give it back after a crash. No program runs here. */
import { expect, test } from "vitest";
import { tearJournals } from "./harness/disk/torn-journal.ts";

const SLOW = 120_000;

test(
  "B8 a journal cut or with a flipped bit near its end folds to what was written, or is refused in words",
  { timeout: SLOW },
  async () => {
    const { cuts, flips, complaints } = await tearJournals(397, 4096);
    expect(cuts + flips).toBeGreaterThan(20);
    expect(complaints).toEqual([]);
  },
);
