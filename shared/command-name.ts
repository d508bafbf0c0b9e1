/**
 * What a person types to run one of our programs: its own
 * name where it is installed, `npm run …` in a checkout.
 *
 * Help texts and errors are written with the program's name;
 * here it becomes the words that work for this reader.
 */
export interface CommandName {
  /** `anzhu-hub` or `anzhu-agent`. */
  readonly program: string;
  /** The npm script that runs it. */
  readonly script: string;
}

/** `runBy`: npm's `npm_lifecycle_event`, undefined where npm did not start the program. */
export function asTyped(text: string, { program, script }: CommandName, runBy?: string): string {
  if (runBy !== script) return text;
  return text.replaceAll(new RegExp(`\\b${program}(?= [a-z<\\[-])`, "g"), `npm run ${script} --`);
}
