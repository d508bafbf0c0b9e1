/** Accounts, sessions and one-time codes, on real database files. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_SESSIONS_PER_USER, openAccounts } from "../../../hub/api/accounts.ts";
import { ENROLMENT_MINUTES, openEnrolments } from "../../../hub/api/enrolments.ts";
import { PillarId, Username } from "../../../shared/ids.ts";

const LI = Username.parse("li.na");
const account = { username: LI, displayName: "李娜", role: "operator", password: "春天" } as const;
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
  await accounts.save(account);
  const { password: _password, ...actor } = account;
  expect(await accounts.verify(LI, "春天")).toEqual(actor);
  expect(await accounts.verify(LI, "夏天")).toBeUndefined();
  expect(await accounts.verify("nobody", "春天")).toBeUndefined();
});

test("a session lasts until its time or its end, and survives a restart", async () => {
  await accounts.save(account);
  const token = await accounts.openSession(LI, later());
  const short = await accounts.openSession(LI, Date.now() - 1);
  accounts.close();
  accounts = openAccounts(join(dir, "accounts.db"));
  expect(await accounts.session(token)).toMatchObject({ username: LI, role: "operator" });
  expect(await accounts.session(short)).toBeUndefined();
  await accounts.closeSession(token);
  expect(await accounts.session(token)).toBeUndefined();
});

test("neither passwords nor tokens are in the file", async () => {
  await accounts.save({ ...account, password: "correct horse battery" });
  const token = await accounts.openSession(LI, later());
  for (const file of ["accounts.db", "accounts.db-wal"]) {
    const bytes = await readFile(join(dir, file), "latin1");
    expect(bytes).not.toContain(token);
    expect(bytes).not.toContain("correct horse");
  }
});

test("a new password ends the sessions, saving the same one does not", async () => {
  await accounts.save(account);
  const token = await accounts.openSession(LI, later());
  await accounts.save({ ...account, role: "supervisor" });
  expect(await accounts.session(token)).toMatchObject({ role: "supervisor" });
  await accounts.save({ ...account, password: "秋天" });
  expect(await accounts.session(token)).toBeUndefined();
});

test("one person holds a bounded number of sessions, and the oldest gives way", async () => {
  await accounts.save(account);
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

test("a file of a newer hub is refused", () => {
  const db = new DatabaseSync(join(dir, "accounts.db"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  expect(() => openAccounts(join(dir, "accounts.db"))).toThrow("written by a newer hub");
});

test("a code works once", async () => {
  const secret = await enrolments.create(details);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(await enrolments.redeem(details.pillarId, secret)).toEqual(details);
  expect(await enrolments.redeem(details.pillarId, secret)).toBeUndefined();
});

test("a place too long for every list is refused when its code is made, and at its redemption", async () => {
  for (const wrong of [{ name: "门".repeat(81) }, { name: " " }, { grid: "g".repeat(41) }]) {
    await expect(enrolments.create({ ...details, ...wrong })).rejects.toThrow(/name|grid/);
  }
  // As a release without limits wrote it down.
  const secret = await enrolments.create(details);
  const db = new DatabaseSync(join(dir, "enrolments.db"));
  const long = JSON.stringify({ ...details, name: "x".repeat(85) });
  db.prepare("UPDATE enrolment SET details = ?").run(long);
  db.close();
  expect(await enrolments.redeem(details.pillarId, secret)).toBeUndefined();
});

test("a code is void after five wrong tries, and after its time", async () => {
  const secret = await enrolments.create(details);
  for (let n = 0; n < 5; n++) await enrolments.redeem(details.pillarId, "x".repeat(22));
  expect(await enrolments.redeem(details.pillarId, secret)).toBeUndefined();
  const late = await enrolments.create(details);
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + ENROLMENT_MINUTES * 60_000 + 1);
  expect(await enrolments.redeem(details.pillarId, late)).toBeUndefined();
});

test("a code is for one pillar, and a new one replaces the old", async () => {
  const first = await enrolments.create(details);
  const second = await enrolments.create(details);
  expect(await enrolments.redeem(PillarId.parse("demo-002"), second)).toBeUndefined();
  expect(await enrolments.redeem(details.pillarId, first)).toBeUndefined();
  expect(await enrolments.redeem(details.pillarId, second)).toEqual(details);
});
