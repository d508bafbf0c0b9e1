/** Where the agent keeps what must survive a reboot. */
import { join } from "node:path";

export interface DataPaths {
  readonly identityDir: string;
  /** The TLS key and its certificate. */
  readonly tlsPair: string;
  readonly ca: string;
  readonly alarmKey: string;
  readonly hubPublicKey: string;
  /** Where the hub takes alarms by HTTPS, as it said at enrolment. */
  readonly alarmsPort: string;
  readonly ledger: string;
  readonly display: string;
  /** Where hubs were last reached, by name. */
  readonly hubAddresses: string;
}

export function dataPaths(dataDir: string): DataPaths {
  const identityDir = join(dataDir, "identity");
  return {
    identityDir,
    tlsPair: join(identityDir, "tls.pem"),
    ca: join(identityDir, "ca.pem"),
    alarmKey: join(identityDir, "alarm-key.pem"),
    hubPublicKey: join(identityDir, "hub-public-key.pem"),
    alarmsPort: join(identityDir, "alarms-port"),
    ledger: join(dataDir, "ledger.db"),
    display: join(dataDir, "display.json"),
    hubAddresses: join(dataDir, "hub-addresses.json"),
  };
}
