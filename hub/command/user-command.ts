/**
 * `anzhu-hub user`: people who may sign in.
 *
 * The same rules as on the HTTP interface, and it works while the hub runs: within a second the hub
 * ends the streams and views of sessions that were ended here, and writes the change into its
 * journal.
 */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { type Command, Option } from "commander";
import { Role } from "../../shared/api/session.ts";
import { ROOT_AREA, whyNoArea } from "../../shared/access/areas.ts";
import { AreaId, type Username } from "../../shared/ids.ts";
import { isolated, visible } from "../../shared/text.ts";
import type { ClosableAccounts } from "../accounts/accounts.ts";
import type { AccountChanged, ListedAccount } from "../accounts/ports.ts";
import { print, type Settings, usernameOf, withConfig } from "./command-line.ts";
import { withAccounts } from "./open-accounts.ts";
import { loadConfig } from "./settings-file.ts";

/** A command about one account. */
function about(user: Command, name: string, description: string): Command {
  return withConfig(user.command(name).description(description)).argument(
    "<username>",
    "account name",
    usernameOf,
  );
}

const roleOption = (): Option =>
  new Option("--role <role>", "what they may do").choices(Role.options).makeOptionMandatory();

const scopeOption = (): Option =>
  new Option("--scope <area>", "an area of the settings, to see and act in; all: everything");

/** It must be there, or the person would see nothing. */
function areaOf({ config, scope }: Settings & { readonly scope: string }): AreaId {
  const { areas } = loadConfig(config);
  const refusal = whyNoArea(areas, scope);
  if (refusal !== undefined) throw new Error(refusal);
  return AreaId.parse(scope);
}

export function addUser(root: Command): void {
  const user = root.command("user").description("People who may sign in.");
  about(user, "add", "Add a person. The password is asked for, or read from standard input.")
    .requiredOption("--name <name>", "shown to everybody, also on the pillar's screen")
    .addOption(roleOption())
    .addOption(scopeOption().default(ROOT_AREA, "everything"))
    .addHelpText("after", "\nPasswords: 10 to 256 characters, not one of those tried first.")
    .action(
      async (name: Username, options: Settings & { name: string; role: Role; scope: string }) => {
        const { role, name: displayName } = options;
        const scope = areaOf(options);
        await change(options, `${name} (${isolated(displayName)}) is ${role}`, async (accounts) => {
          if (await accounts.find(name)) {
            return refusal(`${name} exists already: anzhu-hub user passwd, role, rename or enable`);
          }
          const account = {
            username: name,
            displayName,
            role,
            scope,
            password: await readPassword(),
          };
          return await accounts.add(account, null);
        });
      },
    );
  about(user, "passwd", "Give a new password; ends that person's sessions.").action(
    async (name: Username, options: Settings) =>
      await change(options, `${name} has a new password`, async (accounts) => {
        if (!(await accounts.find(name))) return refusal(unknown(name));
        return await accounts.setPassword(name, await readPassword(), null);
      }),
  );
  about(user, "role", "Give another role; ends that person's sessions.")
    .addOption(roleOption())
    .action(async (name: Username, options: Settings & { role: Role }) => {
      const { role } = options;
      await change(options, `${name} is ${role}`, (accounts) =>
        accounts.change(name, { role }, null),
      );
    });
  about(user, "scope", "Give another area to see and act in; ends that person's sessions.")
    .addOption(scopeOption().makeOptionMandatory())
    .action(async (name: Username, options: Settings & { scope: string }) => {
      const scope = areaOf(options);
      await change(options, `${name} is in ${isolated(scope)}`, (accounts) =>
        accounts.change(name, { scope }, null),
      );
    });
  about(user, "rename", "Give another display name.")
    .requiredOption("--name <name>", "shown to everybody, also on the pillar's screen")
    .action(async (name: Username, options: Settings & { name: string }) => {
      const { name: displayName } = options;
      await change(options, `${name} is called ${isolated(displayName)}`, (accounts) =>
        accounts.change(name, { displayName }, null),
      );
    });
  addStates(user);
}

function addStates(user: Command): void {
  about(
    user,
    "disable",
    "Let a person in no more; ends their sessions, keeps their history.",
  ).action(
    async (name: Username, options: Settings) =>
      await change(options, `${name} is disabled`, (accounts) =>
        accounts.change(name, { isDisabled: true }, null),
      ),
  );
  about(user, "enable", "Let a disabled person in again.").action(
    async (name: Username, options: Settings) =>
      await change(options, `${name} is enabled`, (accounts) =>
        accounts.change(name, { isDisabled: false }, null),
      ),
  );
  withConfig(user.command("list").description("Who may sign in, and when they last did.")).action(
    async ({ config }: Settings) => {
      for (const account of await withAccounts(config, (accounts) => accounts.list())) {
        print(line(account));
      }
    },
  );
}

function line({
  username: name,
  role,
  isDisabled,
  lastUsedAt,
  displayName,
  scope,
}: ListedAccount): string {
  const used = lastUsedAt === null ? "never" : new Date(lastUsedAt).toISOString();
  const state = isDisabled ? "disabled" : "";
  const columns = [name.padEnd(20), role.padEnd(12), state.padEnd(9), used.padEnd(24)];
  const where = scope === ROOT_AREA ? "" : ` (${visible(scope)})`;
  return `${columns.join(" ")} ${visible(displayName)}${where}`;
}

async function change(
  options: Settings,
  done: string,
  work: (accounts: ClosableAccounts) => Promise<AccountChanged>,
): Promise<void> {
  const outcome = await withAccounts(options.config, work);
  if (!outcome.ok) throw new Error(outcome.detail);
  print(done);
}

const refusal = (detail: string): AccountChanged => ({ ok: false, code: "conflict", detail });
const unknown = (name: string): string =>
  `expected an account, found no ${name}: anzhu-hub user list`;

/** One line; at a terminal it is not echoed. */
function readPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write("Password: ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal });
  return new Promise((resolve, reject) => {
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => {
      if (isTerminal) process.stderr.write("\n");
      reject(new Error("expected a password on standard input, found nothing"));
    });
  });
}
