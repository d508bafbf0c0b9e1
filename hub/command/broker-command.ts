/**
 * `anzhu-hub broker-certificate`: the certificate that an external broker shows to pillars and hub.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { SERVER_DAYS } from "../identity/certificate-days.ts";
import { print, type Settings, withConfig } from "./command-line.ts";
import { loadConfig } from "./settings-file.ts";

interface Given extends Settings {
  readonly name: readonly string[];
  readonly out: string;
}

export function addBroker(root: Command): void {
  withConfig(
    root
      .command("broker-certificate")
      .description("Make a certificate for an MQTT broker between pillars and hub."),
  )
    .requiredOption("--name <names...>", "host names and addresses by which it is reached")
    .requiredOption("--out <directory>", "where to write it; readable by its owner alone")
    .addHelpText("after", "\ndocs/external-broker.md says what to do with the files.")
    .action(async ({ config: file, name: names, out }: Given) => {
      const config = loadConfig(file);
      const { openAuthority } = await import("../identity/authority.ts");
      const { serverNames } = await import("../identity/server-names.ts");
      const authority = await openAuthority(config.dataDir, serverNames(config));
      const { key, cert } = await authority.certifyBroker(names);
      await mkdir(out, { recursive: true, mode: 0o700 });
      const written = [
        ["ca.pem", authority.caCertificate, 0o644],
        ["broker.cert.pem", cert, 0o644],
        ["broker.key.pem", key, 0o600],
      ] as const;
      for (const [base, text, mode] of written) {
        await writeFile(join(out, base), text, { mode });
        print(join(out, base));
      }
      print(`for ${names.join(", ")}, good for ${SERVER_DAYS} days`);
    });
}
