#!/usr/bin/env node
/**
 * The agent's entry.
 *
 * Compiled code is kept between starts, for this process, its ledger's thread and its media process: a
 * pillar that reboots is armed sooner, and 40 MB of TypeScript stripper stay out of memory. The folder is
 * `NODE_COMPILE_CACHE`, or one below the system's temporary folder.
 */
import { enableCompileCache, getCompileCacheDir } from "node:module";

enableCompileCache();
const folder = getCompileCacheDir();
if (folder !== undefined) process.env["NODE_COMPILE_CACHE"] = folder;

// Imported only now: what is imported statically is compiled before the line above runs.
const { run } = await import("./command-line.ts");
await run();
