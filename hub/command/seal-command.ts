/** `anzhu-hub seal`: takes a secret out of the journal, with who did it and why on record. */
import { readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { visible } from "../../shared/text.ts";
import { print, type Settings, withConfig } from "./command-line.ts";
import { loadConfig } from "./settings-file.ts";

/** Characters: a sentence or two. */
const MAX_REASON = 500;
const MAX_NAME = 100;

interface Given extends Settings {
  readonly reason: string;
  readonly by: string;
}

export function addSeal(root: Command): void {
  withConfig(
    root
      .command("seal")
      .description("Take the words of facts out of the journal, because they hold a secret."),
  )
    .argument("<index...>", "facts, as anzhu-hub verify names them", indexes)
    .addOption(
      new Option("--reason <text>", "kept with the seal for ever; without the secret")
        .argParser(text("a reason", MAX_REASON))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--by <name>", "who does it")
        .argParser(text("a name", MAX_NAME))
        .default(accountName(), "this machine's account"),
    )
    .addHelpText(
      "after",
      "\nStop the hub first. Change the password as well: backups made before hold it still, and so may logs.\n" +
        "What happened, when and where stays; anzhu-hub verify lists what was sealed, by whom and why.",
    )
    .action(seal);
}

async function seal(asked: readonly number[], { config, reason, by }: Given): Promise<void> {
  const { journalIn } = await import("../journal/backup.ts");
  const { lockData } = await import("../storage/data-lock.ts");
  const { MAX_SEALED_AT_ONCE, sealFacts } = await import("../journal/seal.ts");
  const { secretShape } = await import("../journal/secrets.ts");
  const looksLike = secretShape(`${reason} ${by}`);
  if (looksLike) throw new Error(`expected a reason without a secret, found ${looksLike}`);
  if (asked.length > MAX_SEALED_AT_ONCE) {
    throw new Error(`expected ${MAX_SEALED_AT_ONCE} facts at most at once, found ${asked.length}`);
  }
  const { dataDir } = loadConfig(config);
  const file = journalIn(dataDir);
  const lock = lockData(dataDir);
  try {
    const order = { indexes: asked, reason, byName: by, at: Date.now() };
    const { sealed, before } = sealFacts(file, order);
    for (const index of sealed) print(`fact ${index} is sealed`);
    for (const index of before) print(`fact ${index} was sealed before; the files were cleared`);
  } finally {
    lock.release();
  }
  const older = readdirSync(dataDir).filter((name) => name.startsWith("journal.db.before-"));
  for (const name of older) print(`made before, may hold it still: ${join(dataDir, name)}`);
  print("Backups made before hold it still. The next start reads the journal from its first fact.");
}

/** commander gives one at a time, with those before. */
function indexes(word: string, before: readonly number[] | undefined): readonly number[] {
  const index = Number(word);
  if (/^[0-9]{1,15}$/.test(word) && index > 0) return [...(before ?? []), index];
  throw new InvalidArgumentError(`expected the index of a fact like 42, found "${visible(word)}"`);
}

const text = (what: string, max: number) => (given: string) => {
  const trimmed = given.trim();
  if (trimmed !== "" && trimmed.length <= max) return trimmed;
  throw new InvalidArgumentError(
    `expected ${what} of 1 to ${max} characters, found ${trimmed.length}`,
  );
};

/** A container may run under a number that has no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
