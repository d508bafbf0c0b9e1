/** What the commands of the hub share: the option for its settings, and words in and out. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { asTyped } from "../../shared/command-name.ts";
import { Username } from "../../shared/ids.ts";
import { visible } from "../../shared/text.ts";

/** What `withConfig` adds to the options of a command. */
export interface Settings {
  /** File name. */
  readonly config: string;
}

export function withConfig(command: Command): Command {
  return command.addOption(
    new Option("-c, --config <file>", "settings").default("hub.yaml").env("ANZHU_HUB_CONFIG"),
  );
}

/** Commands that the text names, in the words that work for this reader. */
export const typed = (text: string): string =>
  asTyped(text, { program: "anzhu-hub", script: "hub" }, process.env["npm_lifecycle_event"]);

export const print = (line: string): void => void process.stdout.write(`${typed(line)}\n`);

/** The name of a person or a service, as an argument of a command. */
export function usernameOf(text: string): Username {
  const parsed = Username.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(
    `expected a lower-case letter, then letters, digits, ".", "_" or "-", at most 32, found ` +
      JSON.stringify(visible(text.slice(0, 60))),
  );
}
