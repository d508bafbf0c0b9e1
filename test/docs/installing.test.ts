/** What `docs/installing.md` tells people to write and to type is understood. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { AgentConfig } from "../../device/config.ts";
import { HubConfig } from "../../hub/config.ts";

const ROOT = join(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/installing.md"), "utf8");
const blocks = (language: string): string[] =>
  [...page.matchAll(/```(\w+)\n([^]*?)```/g)].flatMap(([, found, text = ""]) =>
    found === language ? [text] : [],
  );

describe("the settings on the page", () => {
  const files = blocks("yaml").map((text) => ({ name: text.split("\n")[0] ?? "", text }));

  test("are those of both programs", () => {
    expect(new Set(files.map(({ name }) => name))).toEqual(new Set(["# hub.yaml", "# agent.yaml"]));
  });

  test.each(files)("$name is accepted", ({ name, text }) => {
    const schema = name === "# hub.yaml" ? HubConfig : AgentConfig;
    expect(schema.safeParse(parse(text)).error?.issues ?? []).toEqual([]);
  });
});

interface Line {
  readonly program: string;
  readonly command: readonly string[];
  readonly options: readonly string[];
}

/** Every line that runs one of our programs. */
function ourLines(): Line[] {
  return blocks("sh")
    .flatMap((text) => text.split("\n"))
    .flatMap((line) => {
      const [, program, rest] = /\b(anzhu-(?:hub|agent)) ([a-z].*)$/.exec(line) ?? [];
      if (program === undefined || rest === undefined) return [];
      const [, words = ""] = /^((?:[a-z]+ ?)+)(?= |$)/.exec(rest) ?? [];
      const isGroup = words.startsWith("user ");
      const command = words.split(" ").slice(0, isGroup ? 2 : 1);
      return [{ program, command, options: rest.match(/(?<= )--?[a-z-]+/g) ?? [] }];
    });
}

test.each(ourLines().map((line) => [`${line.program} ${line.command.join(" ")}`, line] as const))(
  "%s exists, with each option that is named",
  async (_, { program, command, options }) => {
    const run = promisify(execFile);
    const { npm_lifecycle_event: _event, ...env } = process.env;
    const words = [...command, "--help"];
    const { stdout } = await run(join(ROOT, "tools/bin", program), words, { env });
    expect(stdout).toContain(`Usage: ${program} ${command.join(" ")}`);
    const missing = options.filter(
      (option) => !new RegExp(`(?:^|[ ,])${option}[ ,]`, "m").test(stdout),
    );
    expect(missing).toEqual([]);
  },
);

test("it shows every line that runs one of our programs", () => {
  expect(ourLines().length).toBeGreaterThanOrEqual(6);
});

test("every file of the project that it names is there", () => {
  const named = [
    ...[...page.matchAll(/\/opt\/anzhu\/([\w./-]+)/g)].map(([, path = ""]) => path),
    ...[...page.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = ""]) => join("docs", path)),
  ];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
