/**
 * `anzhu-hub service`: programs that read from the hub with a token of their own.
 *
 * The same rules as on the HTTP interface, and it works while the hub runs: within a second the hub
 * ends the streams of a service that was revoked here, and writes the change into its journal.
 */
import { type Command, Option } from "commander";
import { MAX_SERVICE_DAYS, ServiceScope } from "../../shared/api/service.ts";
import type { Username } from "../../shared/ids.ts";
import type { ListedService } from "../accounts/ports.ts";
import { print, type Settings, usernameOf, withConfig } from "./command-line.ts";
import { withAccounts } from "./open-accounts.ts";

export function addService(root: Command): void {
  const service = root.command("service").description("Programs with a token of their own.");
  withConfig(service.command("add").description("Make a service and print its token, once."))
    .argument("<name>", "no person's account name", usernameOf)
    .addOption(
      new Option("--scope <scope...>", "what it may do")
        .choices(ServiceScope.options)
        .makeOptionMandatory(),
    )
    .requiredOption("--days <days>", `until the token ends, 1 to ${MAX_SERVICE_DAYS}`, Number)
    .action(async (name: Username, options: Settings & { scope: ServiceScope[]; days: number }) => {
      const { scope: scopes, days } = options;
      const made = await withAccounts(options.config, (accounts) =>
        accounts.addService({ name, scopes, days }, null),
      );
      if (!made.ok) throw new Error(made.detail);
      print(made.token);
    });
  withConfig(
    service.command("list").description("Which services there are, and when they last asked."),
  ).action(async ({ config }: Settings) => {
    for (const one of await withAccounts(config, (accounts) => accounts.services())) {
      print(lineOf(one));
    }
  });
  withConfig(service.command("revoke").description("End a service's token at once."))
    .argument("<name>", "of the service", usernameOf)
    .action(async (name: Username, { config }: Settings) => {
      const revoked = await withAccounts(config, (accounts) => accounts.revokeService(name, null));
      if (!revoked.ok) throw new Error(`${revoked.detail}: anzhu-hub service list`);
      print(`${name} is revoked`);
    });
}

function lineOf({ name, scopes, expiresAt, lastUsedAt }: ListedService): string {
  const used = lastUsedAt === null ? "never" : new Date(lastUsedAt).toISOString();
  const until = `until ${new Date(expiresAt).toISOString()}`;
  return `${name.padEnd(20)} ${until} used ${used.padEnd(24)} ${scopes.join(" ")}`;
}
