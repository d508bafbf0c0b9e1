/** Accounts, sessions and one-time codes, on real database files. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_SESSIONS_PER_USER } from "../../../hub/accounts/account-sessions.ts";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { ENROLMENT_MINUTES, openEnrolments } from "../../../hub/identity/enrolments.ts";
import { AreaId, PillarId, Username } from "../../../shared/ids.ts";

const LI = Username.parse("li.na");
const account = {
  username: LI,
  displayName: "李娜",
  role: "operator",
  password: "春天的花开了很久了呀",
} as const;
const details = {
  pillarId: PillarId.parse("demo-001"),
  name: "East",
  grid: "A1",
  address: "",
  position: { type: "Point" as const, coordinates: [116.4, 39.9] as [number, number] },
};
const later = (): number => Date.now() + 60_000;

let dir: string;
let accounts: ReturnType<typeof openAccounts>;
let enrolments: ReturnType<typeof openEnrolments>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-accounts-"));
  accounts = openAccounts(join(dir, "accounts.db"));
  enrolments = openEnrolments(join(dir, "enrolments.db"));
});
afterEach(async () => {
  vi.useRealTimers();
  accounts.close();
  enrolments.close();
  await rm(dir, { recursive: true, force: true });
});

test("only the right password for a known name is verified", async () => {
  await accounts.add(account, null);
  const { password: _password, ...actor } = account;
  expect(await accounts.verify(LI, account.password)).toEqual({
    ...{ ...actor, scope: "all" },
    isDemo: false,
  });
  expect(await accounts.verify(LI, "夏天")).toBeUndefined();
  expect(await accounts.verify("nobody", account.password)).toBeUndefined();
});

test("a session lasts until its time or its end, and survives a restart", async () => {
  await accounts.add(account, null);
  const token = await accounts.openSession(LI, later());
  const short = await accounts.openSession(LI, Date.now() - 1);
  accounts.close();
  accounts = openAccounts(join(dir, "accounts.db"));
  expect(await accounts.session(token)).toMatchObject({ username: LI, role: "operator" });
  expect(await accounts.session(short)).toBeUndefined();
  await accounts.closeSession(token);
  expect(await accounts.session(token)).toBeUndefined();
});

test("a session found to be over stays over when the clock is set back", async () => {
  await accounts.add(account, null);
  const expiresAt = later();
  const token = await accounts.openSession(LI, expiresAt);
  vi.useFakeTimers({ toFake: ["Date"], now: expiresAt });
  expect(await accounts.session(token)).toBeUndefined();
  vi.setSystemTime(expiresAt - 1);
  expect(await accounts.session(token)).toBeUndefined();
});

test("a session that is over is answered so, also when it cannot be removed", async () => {
  await accounts.add(account, null);
  const token = await accounts.openSession(LI, Date.now() - 1);
  const other = new DatabaseSync(join(dir, "accounts.db"));
  other.exec("BEGIN IMMEDIATE");
  expect(await accounts.session(token)).toBeUndefined();
  other.exec("ROLLBACK");
  other.close();
});

test("neither passwords nor tokens are in the file", async () => {
  await accounts.add({ ...account, password: "correct horse battery" }, null);
  const token = await accounts.openSession(LI, later());
  for (const file of ["accounts.db", "accounts.db-wal"]) {
    const bytes = await readFile(join(dir, file), "latin1");
    expect(bytes).not.toContain(token);
    expect(bytes).not.toContain("correct horse");
  }
});

test("a new password, a new role and disabling end the sessions; another name does not", async () => {
  await accounts.add(account, null);
  const signIn = () => accounts.openSession(LI, later());
  const first = await signIn();
  await accounts.change(LI, { displayName: "李娜娜" }, null);
  expect(await accounts.session(first)).toMatchObject({ displayName: "李娜娜" });
  await accounts.setPassword(LI, "another spring in the street", null);
  expect(await accounts.session(first)).toBeUndefined();
  const second = await signIn();
  await accounts.change(LI, { role: "supervisor" }, null);
  expect(await accounts.session(second)).toBeUndefined();
  const third = await signIn();
  await accounts.change(LI, { isDisabled: true }, null);
  expect(await accounts.session(third)).toBeUndefined();
  expect(await accounts.verify(LI, "another spring in the street")).toBeUndefined();
  await accounts.change(LI, { isDisabled: false }, null);
  expect(await accounts.session(third)).toBeUndefined();
  expect(await accounts.verify(LI, "another spring in the street")).toMatchObject({
    role: "supervisor",
  });
});

test("a name that exists is refused, and keeps its password", async () => {
  await accounts.add(account, null);
  const again = await accounts.add({ ...account, password: "quite another one" }, null);
  expect(again).toMatchObject({ ok: false, code: "conflict" });
  expect(await accounts.verify(LI, account.password)).toBeDefined();
});

test("the last administrator can be neither demoted nor disabled", async () => {
  const root = { ...account, username: Username.parse("root"), role: "admin" } as const;
  const second = { ...root, username: Username.parse("root2") } as const;
  await accounts.add(root, null);
  await accounts.add(second, null);
  expect(await accounts.change(root.username, { isDisabled: true }, null)).toEqual({ ok: true });
  for (const patch of [{ isDisabled: true }, { role: "operator" }] as const) {
    const refused = await accounts.change(second.username, patch, null);
    expect(refused).toMatchObject({ ok: false, code: "conflict" });
  }
  expect(await accounts.find("root2")).toMatchObject({ role: "admin", isDisabled: false });
});

test.each([
  ["an empty password", { password: "" }],
  ["nine characters", { password: "Xk2#pQ9!a" }],
  ["257 characters", { password: "Xk2#pQ9! ".repeat(40).slice(0, 257) }],
  ["a known password", { password: "password123" }],
  ["a known password in other letters", { password: "P@ssw0rd2026!" }],
  ["a run of keys", { password: "1qaz2wsx3edc" }],
  ["one character again and again", { password: "aaaaaaaaaaaa" }],
  ["a date or a telephone number", { password: "13800138000" }],
  ["its own name", { password: "li.na-2026" }],
  ["a name of 5,000 characters", { displayName: "王".repeat(5000) }],
  ["a name of 61 characters", { displayName: "王".repeat(61) }],
  ["no name", { displayName: "  " }],
  ["a name with an escape", { displayName: "\u001B[31m李" }],
  ["a name with a line break", { displayName: "李\n娜" }],
  ["a name that turns the line around", { displayName: "李\u202E娜" }],
  ["an invisible name", { displayName: "\u200B\u2060" }],
  ["half a character", { displayName: "\uD83D" }],
])("%s is refused", async (_name, wrong) => {
  expect(await accounts.add({ ...account, ...wrong }, null)).toMatchObject({
    ok: false,
    code: "bad-request",
  });
  expect(await accounts.list()).toEqual([]);
});

test.each(["correct horse battery", "沿街灯火通明的那一夜里", "Xk2#pQ9!ab"])(
  "%s is a password",
  async (password) => {
    expect(await accounts.add({ ...account, password }, null)).toEqual({ ok: true });
    expect(await accounts.verify(LI, password)).toBeDefined();
  },
);

test("a password of 256 characters is taken and signs in", async () => {
  const password = "street lamp 7 ".repeat(30).slice(0, 256);
  expect(await accounts.add({ ...account, password }, null)).toEqual({ ok: true });
  expect(await accounts.verify(LI, password)).toBeDefined();
});

test("each change waits for the journal until it is there, also over a restart", async () => {
  await accounts.add(account, null);
  const by = { username: Username.parse("root"), displayName: "Root" };
  await accounts.change(LI, { role: "supervisor", isDisabled: true }, by);
  accounts.close();
  accounts = openAccounts(join(dir, "accounts.db"));
  const waiting = accounts.waitingFacts();
  expect(waiting.map(({ fact }) => [fact.change, fact.by])).toEqual([
    ["created", null],
    ["role", "root"],
    ["disabled", "root"],
  ]);
  accounts.forgetFacts(waiting[1]!.id);
  expect(accounts.waitingFacts().map(({ fact }) => fact.change)).toEqual(["disabled"]);
});

test("an account has everything unless it is given an area", async () => {
  await accounts.add(account, null);
  expect(await accounts.find(LI)).toMatchObject({ scope: "all" });
  const scope = AreaId.parse("east");
  expect(await accounts.change(LI, { scope }, null)).toEqual({ ok: true });
  expect(await accounts.verify(LI, account.password)).toMatchObject({ scope });
});

test("what another program changes shows in the version", async () => {
  const other = openAccounts(join(dir, "accounts.db"));
  const before = accounts.version();
  await other.add(account, null);
  expect(accounts.version()).not.toBe(before);
  other.close();
});

test("the last use is noted at sign-in and about every ten minutes of use", async () => {
  await accounts.add(account, null);
  expect(await accounts.find(LI)).toMatchObject({ lastUsedAt: null, sessions: 0 });
  vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
  const token = await accounts.openSession(LI, 1_800_000_000_000);
  expect(await accounts.find(LI)).toMatchObject({ lastUsedAt: 1_700_000_000_000, sessions: 1 });
  vi.setSystemTime(1_700_000_540_000);
  await accounts.session(token);
  expect(await accounts.find(LI)).toMatchObject({ lastUsedAt: 1_700_000_000_000 });
  vi.setSystemTime(1_700_000_601_000);
  await accounts.session(token);
  expect(await accounts.find(LI)).toMatchObject({ lastUsedAt: 1_700_000_601_000 });
});

test("one person holds a bounded number of sessions, and the oldest gives way", async () => {
  await accounts.add(account, null);
  const tokens: string[] = [];
  vi.useFakeTimers({ toFake: ["Date"] });
  for (let n = 0; n <= MAX_SESSIONS_PER_USER; n++) {
    vi.setSystemTime(Date.now() + 1);
    tokens.push(await accounts.openSession(LI, later()));
  }
  expect(await accounts.session(tokens[0]!)).toBeUndefined();
  expect(await accounts.session(tokens[1]!)).toBeDefined();
  expect(await accounts.session(tokens.at(-1)!)).toBeDefined();
});

/** The enrolment that a correct code belongs to; `undefined` for a wrong code. */
async function redeem(pillarId: PillarId, secret: string): Promise<unknown> {
  let given: unknown;
  const isRight = await enrolments.redeem(pillarId, secret, async (found) => void (given = found));
  return isRight ? given : undefined;
}

test("a code works once", async () => {
  const secret = await enrolments.create(details);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(await redeem(details.pillarId, secret)).toEqual(details);
  expect(await redeem(details.pillarId, secret)).toBeUndefined();
});

test("a code is good again when nothing came of its use, unless a newer one was made meanwhile", async () => {
  const failing = (secret: string, work: () => Promise<unknown> = async () => undefined) =>
    enrolments.redeem(details.pillarId, secret, async () => {
      await work();
      throw new Error("EIO");
    });
  const first = await enrolments.create(details);
  const used = async () => expect(await redeem(details.pillarId, first)).toBeUndefined();
  await expect(failing(first, used)).rejects.toThrow("EIO");
  expect(await enrolments.isRight(details.pillarId, first)).toBe(true);
  let second = "";
  const renewed = async () => (second = await enrolments.create(details));
  await expect(failing(first, renewed)).rejects.toThrow("EIO");
  expect(await redeem(details.pillarId, first)).toBeUndefined();
  expect(await redeem(details.pillarId, second)).toEqual(details);
});

test("a place too long for every list is refused when its code is made, and at its redemption", async () => {
  for (const wrong of [{ name: "门".repeat(81) }, { name: " " }, { grid: "g".repeat(41) }]) {
    await expect(enrolments.create({ ...details, ...wrong })).rejects.toThrow(/name|grid/);
  }
  // Somebody changed the file by hand.
  const secret = await enrolments.create(details);
  const db = new DatabaseSync(join(dir, "enrolments.db"));
  const long = JSON.stringify({ ...details, name: "x".repeat(85) });
  db.prepare("UPDATE enrolment SET details = ?").run(long);
  db.close();
  expect(await redeem(details.pillarId, secret)).toBeUndefined();
});

test("wrong secrets, however many, void no code; its time does", async () => {
  const secret = await enrolments.create(details);
  for (let n = 0; n < 500; n++) {
    expect(await enrolments.isRight(details.pillarId, "x".repeat(22))).toBe(false);
    expect(await redeem(details.pillarId, "x".repeat(22))).toBeUndefined();
  }
  expect(await enrolments.isRight(details.pillarId, secret)).toBe(true);
  expect(await redeem(details.pillarId, secret)).toEqual(details);
  const late = await enrolments.create(details);
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + ENROLMENT_MINUTES * 60_000 + 1);
  expect(await redeem(details.pillarId, late)).toBeUndefined();
});

test("a code is for one pillar, and a new one replaces the old", async () => {
  const first = await enrolments.create(details);
  const second = await enrolments.create(details);
  expect(await redeem(PillarId.parse("demo-002"), second)).toBeUndefined();
  expect(await redeem(details.pillarId, first)).toBeUndefined();
  expect(await redeem(details.pillarId, second)).toEqual(details);
});
