/** `anzhu-hub backup`, `restore` and `verify`. */
import { Option, type Command } from "commander";
import { loadConfig } from "./settings-file.ts";

const EXIT_FAILURE = 1;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Given {
  readonly config: string;
}

export function addBackup(root: Command): void {
  withConfig(root.command("backup").description("Copy the journal; also while the hub runs."))
    .argument("<file>", "the copy; must not exist yet")
    .addHelpText("after", "\nCopy authority/ and accounts.db as files beside it.")
    .action(async (file: string, { config }: Given) => {
      const { backUp } = await import("./backup.ts");
      const { rows, head } = backUp(loadConfig(config).dataDir, file);
      print(`${file}: ${rows} facts, the last is ${head}`);
    });
  withConfig(
    root.command("restore").description("Put a copy of the journal back; stop the hub first."),
  )
    .argument("<file>", "made by anzhu-hub backup")
    .addHelpText(
      "after",
      "\nThe journal before it is kept. Pillars tell again what the copy lacks.",
    )
    .action(async (file: string, { config }: Given) => {
      const { restore } = await import("./backup.ts");
      const { rows, head, aside } = await restore(loadConfig(config).dataDir, file);
      print(`restored ${rows} facts, the last is ${head}`);
      if (aside !== undefined) print(`the journal before it is ${aside}`);
    });
  withConfig(root.command("verify").description("Check the journal's chain from the first fact."))
    .argument("[file]", "another journal, for example a backup")
    .action(async (file: string | undefined, { config }: Given) => {
      const { journalIn, verifyJournal } = await import("./backup.ts");
      const found = file ?? journalIn(loadConfig(config).dataDir);
      const verdict = verifyJournal(found);
      if (verdict.ok) {
        print(
          `${found}: ${verdict.rows} facts, each linked to the one before; the last is ${verdict.head.hash}`,
        );
        return;
      }
      print(`${found}: broken at ${verdict.brokenAt}: ${verdict.reason}`);
      process.exitCode = EXIT_FAILURE;
    });
}

function withConfig(command: Command): Command {
  return command.addOption(
    new Option("-c, --config <file>", "settings").default("hub.yaml").env("ANZHU_HUB_CONFIG"),
  );
}
