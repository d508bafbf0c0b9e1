#!/usr/bin/env node
/**
 * The agent's entry.
 *
 * Compiled code is kept between starts, for this process, its ledger's thread and its media
 * process, in `NODE_COMPILE_CACHE` or a folder below the system's temporary one. A small board has
 * little memory, and what saves it must be said before the engine runs: a young generation of 1 MB,
 * and a cache that knows this very file, or 15 MB of TypeScript stripper are loaded for it. So
 * `start` begins once more in the same process, unless whoever started it has said both already.
 */
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SMALL_HEAP = "--max-semi-space-size=1";

const isSaid =
  process.env["NODE_COMPILE_CACHE"] !== undefined &&
  process.execArgv.some((argument) => argument.startsWith("--max-semi-space-size="));
if (process.argv[2] === "start" && !isSaid && process.execve !== undefined) {
  const cache = process.env["NODE_COMPILE_CACHE"] ?? join(tmpdir(), "node-compile-cache");
  const flags = [...process.execArgv, SMALL_HEAP];
  process.execve(process.execPath, [process.execPath, ...flags, ...process.argv.slice(1)], {
    ...process.env,
    NODE_COMPILE_CACHE: cache,
  });
}

enableCompileCache();
const folder = getCompileCacheDir();
if (folder !== undefined) process.env["NODE_COMPILE_CACHE"] = folder;

// Imported only now: what is imported statically is compiled before the line above runs.
const { run } = await import("./command/command-line.ts");
await run();
