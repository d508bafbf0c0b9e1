/** Programs of the machine a fault needs: looked for, and named when missing. */
import { existsSync } from "node:fs";
import { isOnPath } from "../../../../tools/setup/search-path.ts";
import type { Surroundings } from "./process.ts";

const LIBFAKETIME = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/** Why a test cannot run here; `undefined` when it can. */
export function missing(...names: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, for namespaces and traced processes";
  const absent = names.filter((name) => !isOnPath(name));
  return absent.length > 0 ? `needs ${absent.join(", ")}; install it with apt-get` : undefined;
}

export const libfaketime = (): string | undefined => LIBFAKETIME.find((path) => existsSync(path));

/**
 * Runs the program with the wall clock that `file` tells,
 * re-read at each look: `+1d`, `@1970-01-02 00:00:00`.
 */
export const underClock = (library: string, file: string): Surroundings => ({
  env: {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  },
});
