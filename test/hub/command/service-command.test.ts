/** `anzhu-hub service` in a process of its own: the same rules as in the HTTP interface. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { tempDir } from "../../kit/journal/directory.ts";

function newCommandLine() {
  const dir = tempDir();
  const config = join(dir, "hub.yaml");
  writeFileSync(config, `dataDir: ${dir}\n`);
  const service = (...args: readonly string[]) => {
    const command = ["hub/main.ts", "service", ...args, "-c", config];
    const done = spawnSync(process.execPath, command, { encoding: "utf8" });
    return { code: done.status, words: done.stdout + done.stderr };
  };
  const isGood = async (token: string): Promise<boolean> => {
    const accounts = openAccounts(join(dir, "accounts.db"));
    const found = await accounts.service(token);
    accounts.close();
    return found !== undefined;
  };
  return { service, isGood };
}

test("the command line makes a service, lists it and revokes it", async () => {
  const { service, isGood } = newCommandLine();
  const made = service("add", "board", "--scope", "pillars:read", "hub:read", "--days", "30");
  expect(made.words).toMatch(/^anzhu_[A-Za-z0-9_-]{43}\n$/);
  expect(await isGood(made.words.trim())).toBe(true);
  expect(service("list").words).toMatch(/^board +until \S+ used \S+ +pillars:read hub:read\n$/);
  expect(service("revoke", "board").words).toBe("board is revoked\n");
  expect(await isGood(made.words.trim())).toBe(false);
  expect(service("list").words).toBe("");
}, 30_000);

test.each([
  ["an unknown scope", ["add", "a", "--scope", "media:use", "--days", "3"], 2, "Allowed choices"],
  ["no scope", ["add", "a", "--days", "3"], 2, "--scope"],
  ["no number of days", ["add", "a", "--scope", "hub:read", "--days", "x"], 1, "days"],
  ["too many days", ["add", "a", "--scope", "hub:read", "--days", "366"], 1, "1 to 365 days"],
  ["a name with ESC", ["add", "\u001Ba", "--scope", "hub:read", "--days", "3"], 2, "lower-case"],
  ["a name nobody has", ["revoke", "nobody"], 1, "found no nobody: anzhu-hub service list"],
])(
  "%s is refused in words",
  (_name, args, code, words) => {
    const { service } = newCommandLine();
    const refused = service(...args);
    expect(refused).toMatchObject({ code, words: expect.stringContaining(words) });
    expect(refused.words).not.toContain("\u001B");
  },
  30_000,
);
