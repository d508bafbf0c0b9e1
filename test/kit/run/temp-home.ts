/**
 * One temporary directory for a whole run, in which every test, and every program that a test
 * starts, makes its own.
 *
 * Each test removes what it made; this removes what a failed or a killed one could not. `TMPDIR` is
 * what `os.tmpdir()` reads, here and in every child.
 *
 * Compiled code is kept in it as well. A hub keeps its own below its data directory, and each test
 * has another one: without this, hundreds of hubs would each compile everything again, for 2 s.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function openTempHome(): void {
  const home = mkdtempSync(join(tmpdir(), "anzhu-tests-"));
  process.env["TMPDIR"] = home;
  process.env["NODE_COMPILE_CACHE"] = join(home, "compile-cache");
  process.once("exit", () => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
}
