/** `anzhu-hub backup`, `restore` and `verify`. */
import type { Seal } from "../journal/chain.ts";
import type { findSecrets } from "../journal/secrets.ts";
import { isolated, visible } from "../../shared/text.ts";
import type { Command } from "commander";
import { print, type Settings, withConfig } from "./command-line.ts";
import { loadConfig } from "./settings-file.ts";

const EXIT_FAILURE = 1;

export function addBackup(root: Command): void {
  withConfig(
    root
      .command("backup")
      .description("Copy journal, accounts, codes and authority; also while the hub runs."),
  )
    .argument("<directory>", "the copy; must not exist yet")
    .addHelpText(
      "after",
      "\nIt holds the hub's keys: keep it like them. Recordings are not in it: copy them as files.\n" +
        "docs/operating.md says how to restore and how to move to another machine.",
    )
    .action(async (directory: string, { config }: Settings) => {
      const { backUp } = await import("../journal/backup.ts");
      const { rows, head, files } = backUp(loadConfig(config).dataDir, directory);
      print(`${directory}: ${files.length} files, ${rows} facts, the last is ${head}`);
    });
  withConfig(root.command("restore").description("Put a backup back; stop the hub first."))
    .argument("<directory>", "made by anzhu-hub backup")
    .addHelpText(
      "after",
      "\nWhat was there before is kept. Pillars tell again what the copy lacks; people sign in again.",
    )
    .action(async (directory: string, { config }: Settings) => {
      const { restore } = await import("../journal/backup.ts");
      const { rows, head, aside, isAuthorityRestored } = restore(
        loadConfig(config).dataDir,
        directory,
      );
      print(`restored ${rows} facts, the last is ${head}`);
      print(
        isAuthorityRestored
          ? "the authority was restored as well"
          : "the authority that was here stays: it knows what was revoked since the backup",
      );
      for (const file of aside) print(`kept what was there before: ${file}`);
    });
  withConfig(root.command("verify").description("Check the journal's chain from the first fact."))
    .argument("[file]", "another journal, or a backup")
    .action(async (file: string | undefined, { config }: Settings) => {
      const { journalIn, suspectsIn, verifyJournal } = await import("../journal/backup.ts");
      const found = file ?? journalIn(loadConfig(config).dataDir);
      const verdict = verifyJournal(found);
      if (verdict.ok) {
        print(
          `${found}: ${verdict.rows} facts, each linked to the one before; the last is ${verdict.head.hash}`,
        );
        for (const seal of verdict.sealed) print(sealedLine(seal));
        tellSuspects(suspectsIn(found));
        return;
      }
      print(`${found}: broken at ${verdict.brokenAt}: ${verdict.reason}`);
      process.exitCode = EXIT_FAILURE;
    });
}

function sealedLine({ index, sealIndex, at, byName, reason }: Seal): string {
  const when = new Date(at).toISOString();
  const [who, why] = [isolated(byName), isolated(reason)];
  return `fact ${index} was sealed by ${who} at ${when} (fact ${sealIndex}): ${why}`;
}

/** What was found is not repeated: the answer of a command is copied and kept by others. */
function tellSuspects({ count, named }: ReturnType<typeof findSecrets>): void {
  for (const { index, type, pillarId, looksLike, isSealable } of named) {
    const whose = pillarId === null ? "" : ` of ${visible(pillarId)}`;
    const end = isSealable ? "" : "; it cannot be sealed: change that password";
    print(`fact ${index} (${visible(type)}${whose}) may hold a secret: ${looksLike}${end}`);
  }
  if (count > named.length) print(`${count - named.length} more facts may hold a secret`);
  const [first] = named.filter((one) => one.isSealable);
  if (!first) return;
  print(`change that password; then stop the hub: anzhu-hub seal ${first.index} --reason <text>`);
}
