/**
 * `anzhu-hub broker-certificate`: the certificate that an external broker shows to pillars and hub.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { SERVER_DAYS } from "../identity/certificate-days.ts";
import { loadConfig } from "./settings-file.ts";

interface Given {
  readonly config: string;
  readonly name: readonly string[];
  readonly out: string;
}

export function addBroker(root: Command): void {
  root
    .command("broker-certificate")
    .description("Make a certificate for an MQTT broker between pillars and hub.")
    .addOption(
      new Option("-c, --config <file>", "settings").default("hub.yaml").env("ANZHU_HUB_CONFIG"),
    )
    .requiredOption("--name <names...>", "host names and addresses by which it is reached")
    .requiredOption("--out <directory>", "where to write it; readable by its owner alone")
    .addHelpText("after", "\ndocs/external-broker.md says what to do with the files.")
    .action(async ({ config: file, name: names, out }: Given) => {
      const config = loadConfig(file);
      const { dataDir } = config;
      const { openAuthority } = await import("../identity/authority.ts");
      const { serverNames } = await import("../identity/server-names.ts");
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      const authority = await openAuthority(dataDir, serverNames(config));
      const { key, cert } = await authority.certifyBroker(names);
      await mkdir(out, { recursive: true, mode: 0o700 });
      const written = [
        ["ca.pem", authority.caCertificate, 0o644],
        ["broker.cert.pem", cert, 0o644],
        ["broker.key.pem", key, 0o600],
      ] as const;
      for (const [base, text, mode] of written) {
        await writeFile(join(out, base), text, { mode });
        process.stdout.write(`${join(out, base)}\n`);
      }
      process.stdout.write(`for ${names.join(", ")}, good for ${SERVER_DAYS} days\n`);
    });
}
