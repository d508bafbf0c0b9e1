/** `anzhu-hub user` in a process of its own: the same rules as in the HTTP interface. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { tempDir } from "../../kit/journal/directory.ts";

const PASSWORD = "a lamp in the rain";

function newCommandLine() {
  const dir = tempDir();
  const config = join(dir, "hub.yaml");
  writeFileSync(config, `dataDir: ${dir}\nareas: [{ id: east, areas: [{ id: A1 }] }]\n`);
  const user = (args: readonly string[], input = "") => {
    const command = ["hub/main.ts", "user", ...args, "-c", config];
    const done = spawnSync(process.execPath, command, { input, encoding: "utf8" });
    return { code: done.status, words: done.stdout + done.stderr };
  };
  const password = async (name: string, tried: string) => {
    const accounts = openAccounts(join(dir, "accounts.db"));
    const found = await accounts.verify(name, tried);
    accounts.close();
    return found !== undefined;
  };
  return { user, password };
}

test("`user add` for a name that exists is refused, and `user passwd` is the way", async () => {
  const { user, password } = newCommandLine();
  const add = ["add", "li", "--name", "李娜", "--role", "admin"];
  expect(user(add, `${PASSWORD}\n`)).toEqual({ code: 0, words: "li (李娜) is admin\n" });
  const again = user(add, "another good long one\n");
  expect(again.code).toBe(1);
  expect(again.words).toContain("li exists already");
  expect(await password("li", PASSWORD)).toBe(true);
  expect(user(["passwd", "li"], "another good long one\n").code).toBe(0);
  expect(await password("li", "another good long one")).toBe(true);
}, 30_000);

test.each([
  ["an empty password", "李", "\n", "expected 10 to 256 characters"],
  ["300 characters", "李", `${"lamp ".repeat(60)}\n`, "expected 10 to 256 characters"],
  ["a known password", "李", "password123\n", "first ones tried"],
  ["a name of 5,000 characters", "王".repeat(5000), `${PASSWORD}\n`, "at most 60 characters"],
  ["a name with ESC", "\u001B[31m李", `${PASSWORD}\n`, "no control or direction characters"],
  ["a name with U+202E", "李\u202E", `${PASSWORD}\n`, "no control or direction characters"],
])(
  "`user add` refuses %s",
  (_name, displayName, input, words) => {
    const { user } = newCommandLine();
    const refused = user(["add", "li", "--name", displayName, "--role", "operator"], input);
    expect(refused.code).toBe(1);
    expect(refused.words).toContain(words);
    for (const sign of ["\u001B", "\u202E"]) expect(refused.words).not.toContain(sign);
    expect(user(["list"]).words).toBe("");
  },
  30_000,
);

test("the command line disables, enables, changes roles and shows it, but keeps an administrator", () => {
  const { user } = newCommandLine();
  user(["add", "root", "--name", "根", "--role", "admin"], `${PASSWORD}\n`);
  user(["add", "li", "--name", "李娜", "--role", "operator"], `${PASSWORD}\n`);
  expect(user(["disable", "root"]).words).toContain("last administrator");
  expect(user(["role", "li", "--role", "supervisor"]).words).toBe("li is supervisor\n");
  expect(user(["disable", "li"]).words).toBe("li is disabled\n");
  expect(user(["list"]).words).toMatch(/^li +supervisor +disabled +never +李娜$/m);
  expect(user(["enable", "li"]).code).toBe(0);
  expect(user(["list"]).words).toMatch(/^li +supervisor +never +李娜$/m);
  expect(user(["disable", "nobody"]).words).toContain("found no nobody");
}, 30_000);

test("the command line gives an area, and refuses one that the settings do not have", () => {
  const { user } = newCommandLine();
  const add = ["add", "li", "--name", "李", "--role", "operator"];
  const refused = user([...add, "--scope", "west"], `${PASSWORD}\n`);
  expect(refused.code).toBe(1);
  expect(refused.words).toContain("expected an area of the settings (all, east, A1), found west");
  expect(user([...add, "--scope", "east"], `${PASSWORD}\n`).code).toBe(0);
  expect(user(["list"]).words).toMatch(/李 \(east\)\n$/);
  expect(user(["scope", "li", "--scope", "A1"]).words).toBe("li is in A1\n");
  expect(user(["scope", "li", "--scope", "all"]).code).toBe(0);
  expect(user(["list"]).words).toMatch(/李\n$/);
}, 30_000);
