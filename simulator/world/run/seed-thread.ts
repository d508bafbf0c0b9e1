/** A worker of the world simulator: judges the seeds it is given, one after the other. */
import { parentPort } from "node:worker_threads";
import { assert } from "../../../shared/assert.ts";
import { canaryNamed } from "../canaries/all.ts";
import { judge } from "./report.ts";
import type { WorldSettings } from "../settings.ts";

export interface SeedRequest {
  readonly settings: Omit<WorldSettings, "rules">;
  readonly canary: string | undefined;
}

assert(parentPort, "the seed thread was started without a parent");
const port = parentPort;
port.on("message", ({ settings, canary }: SeedRequest) => {
  const rules = canary === undefined ? {} : { rules: canaryNamed(canary).rules() };
  port.postMessage(judge({ ...settings, ...rules }));
});
