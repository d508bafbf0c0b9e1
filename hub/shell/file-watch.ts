/**
 * Notices that no file can be opened any more, and reports it on every console.
 *
 * Pillars that are connected go on calling: their sockets and the journal are open already. But new
 * connections are refused by the system without a reason, and only a person can repair that.
 */
import { closeSync, openSync } from "node:fs";
import type { Logger } from "pino";
import type { ConsoleFeed } from "./console-feed.ts";

/** Visible within 15 s, whatever the moment. */
const LOOK_MS = 5000;
const ADVICE =
  "no pillar and no console can connect anew: end what holds them, or raise LimitNOFILE and restart the hub";

/** Returns what ends it. */
export function watchFiles(feed: Pick<ConsoleFeed, "notify">, log: Logger): () => void {
  let isOut = false;
  const look = (): void => {
    try {
      closeSync(openSync("/dev/null", "r"));
    } catch (error) {
      log.error({ error }, `no file can be opened (${String(error)}); ${ADVICE}`);
      if (!isOut) feed.notify({ level: "error", code: "files-exhausted", detail: String(error) });
      isOut = true;
      return;
    }
    if (isOut) log.info("files can be opened again");
    isOut = false;
  };
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}
