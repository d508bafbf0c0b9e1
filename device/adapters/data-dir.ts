/** Where the agent keeps what must survive a reboot. */
import { join } from "node:path";

export interface DataPaths {
  readonly identityDir: string;
  /** The TLS key and its certificate. */
  readonly tlsPair: string;
  readonly ca: string;
  readonly alarmKey: string;
  readonly hubPublicKey: string;
  readonly ledger: string;
  readonly display: string;
}

export function dataPaths(dataDir: string): DataPaths {
  const identityDir = join(dataDir, "identity");
  return {
    identityDir,
    tlsPair: join(identityDir, "tls.pem"),
    ca: join(identityDir, "ca.pem"),
    alarmKey: join(identityDir, "alarm-key.pem"),
    hubPublicKey: join(identityDir, "hub-public-key.pem"),
    ledger: join(dataDir, "ledger.db"),
    display: join(dataDir, "display.json"),
  };
}
