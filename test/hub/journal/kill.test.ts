import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { verifyChain } from "../../../hub/journal/chain.ts";
import { openForReading } from "../../../shared/host/sqlite.ts";
import { tempDir } from "../../kit/journal/directory.ts";

const CHILD = fileURLToPath(new URL("./append-forever.ts", import.meta.url));
const KILLS = 6;

/**
 * Starts a process that appends, and kills it while it works, after it has printed `lines` numbers.
 */
async function appendAndKill(file: string, lines: number): Promise<number[]> {
  const child = spawn(process.execPath, [CHILD, file], { stdio: ["ignore", "pipe", "inherit"] });
  const durable: number[] = [];
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => {
    durable.push(Number(line));
    if (durable.length === lines) child.kill("SIGKILL");
  });
  const [[, signal]] = (await Promise.all([once(child, "exit"), once(output, "close")])) as [
    [number | null, string | null],
    unknown,
  ];
  expect(signal).toBe("SIGKILL");
  return durable;
}

test(
  "a writer killed at any instant has lost nothing it acknowledged, and the chain holds",
  { timeout: 120_000 },
  async () => {
    const file = join(tempDir(), "journal.db");
    const durable: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      durable.push(...(await appendAndKill(file, 1 + kill * 17)));
      const database = openForReading(file);
      const rows = database.prepare("select seq from alarm").all() as { seq: number }[];
      const kept = new Set(rows.map(({ seq }) => seq));
      expect(durable.filter((seq) => !kept.has(seq))).toEqual([]);
      expect(verifyChain(database)).toMatchObject({ ok: true });
      const incidents = database.prepare("select count(*) as n from incident").get();
      expect(incidents?.["n"]).toBe(kept.size);
      database.close();
    }
  },
);
