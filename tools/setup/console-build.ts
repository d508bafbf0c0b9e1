/** The console's files, built when they are missing or older than what they are made of. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runProgram } from "../../simulator/live/program.ts";

const CONSOLE = join(ROOT, "hub/console");
const BUILT = join(CONSOLE, "dist/index.html");

/** Returns whether it had to build; throws with the builder's words when that failed. */
export async function buildConsole(): Promise<boolean> {
  if (isFresh()) return false;
  const vite = "node_modules/vite/bin/vite.js";
  if (!existsSync(join(ROOT, vite))) {
    if (existsSync(BUILT)) return false;
    throw new Error(`expected the console's builder at ${vite}, found nothing. Run: npm install`);
  }
  const result = await runProgram([vite, "build", CONSOLE, "--logLevel", "warn"]);
  if (result.code === 0) return true;
  throw new Error(`the console could not be built:\n${result.errors || result.output}`);
}

function isFresh(): boolean {
  const builtAt = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs;
  if (builtAt === undefined) return false;
  return Math.max(newest(CONSOLE), newest(join(ROOT, "shared"))) <= builtAt;
}

function newest(folder: string): number {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "dist" || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    const at = entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    latest = Math.max(latest, at);
  }
  return latest;
}
