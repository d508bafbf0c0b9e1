/** Services and their tokens, on a real database file. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { MAX_SERVICES } from "../../../hub/accounts/services.ts";
import type { NewService } from "../../../shared/api/service.ts";
import { Username } from "../../../shared/ids.ts";
import { tempDir } from "../../kit/journal/directory.ts";

const BOARD = Username.parse("dashboard");
const service: NewService = { name: BOARD, scopes: ["pillars:read", "metrics:read"], days: 90 };
const DAY_MS = 86_400_000;
const by = { username: Username.parse("root"), displayName: "Root" };

let dir: string;
let accounts: ReturnType<typeof openAccounts>;
beforeEach(() => {
  dir = tempDir();
  accounts = openAccounts(join(dir, "accounts.db"));
});
afterEach(() => {
  vi.useRealTimers();
  accounts.close();
});

async function made(given: NewService = service): Promise<string> {
  const outcome = await accounts.addService(given, by);
  if (!outcome.ok) throw new Error(outcome.detail);
  return outcome.token;
}

test("a token is 256 random bits behind a prefix, and good also after a restart", async () => {
  const token = await made();
  expect(token).toMatch(/^anzhu_[A-Za-z0-9_-]{43}$/);
  expect(await made({ ...service, name: Username.parse("second") })).not.toBe(token);
  accounts.close();
  accounts = openAccounts(join(dir, "accounts.db"));
  const found = await accounts.service(token);
  expect(found).toMatchObject({ kind: "service", username: BOARD, scopes: service.scopes });
  expect(await accounts.serviceById(found!.id)).toEqual(found);
  expect(await accounts.session(token)).toBeUndefined();
  for (const wrong of ["", "anzhu_", token.slice(6), `${token}x`, token.toLowerCase()]) {
    expect(await accounts.service(wrong)).toBeUndefined();
  }
});

test("the token is not in the file, and its hash is", async () => {
  const token = await made();
  const { id } = (await accounts.service(token))!;
  const bytes = await readFile(join(dir, "accounts.db-wal"), "latin1");
  expect(bytes).not.toContain(token);
  expect(bytes).not.toContain(token.slice("anzhu_".length));
  expect(bytes).toContain(id);
});

test("a revoked token is never good again, and its name serves for a new one", async () => {
  const first = await made();
  expect(await accounts.addService(service, by)).toMatchObject({
    code: "conflict",
    detail: "the service dashboard exists already: revoke it first",
  });
  expect(await accounts.revokeService(BOARD, by)).toEqual({ ok: true });
  expect(await accounts.service(first)).toBeUndefined();
  expect(await accounts.services()).toEqual([]);
  expect(await accounts.revokeService(BOARD, by)).toMatchObject({ code: "not-found" });
  const second = await made();
  expect(await accounts.service(first)).toBeUndefined();
  expect(await accounts.service(second)).toBeDefined();
});

test("a token ends by itself, and the last use is noted every ten minutes", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
  const token = await made();
  const lastUsedAt = async (): Promise<number | null | undefined> =>
    (await accounts.services())[0]?.lastUsedAt;
  expect(await lastUsedAt()).toBeNull();
  await accounts.service(token);
  vi.setSystemTime(1_700_000_540_000);
  await accounts.service(token);
  expect(await lastUsedAt()).toBe(1_700_000_000_000);
  vi.setSystemTime(1_700_000_601_000);
  await accounts.service(token);
  expect(await lastUsedAt()).toBe(1_700_000_601_000);
  vi.setSystemTime(1_700_000_000_000 + 90 * DAY_MS - 1);
  expect(await accounts.service(token)).toBeDefined();
  vi.setSystemTime(1_700_000_000_000 + 90 * DAY_MS);
  expect(await accounts.service(token)).toBeUndefined();
});

test.each([
  ["no scope", { scopes: [] }, "expected at least one scope"],
  ["a scope twice", { scopes: ["hub:read", "hub:read"] }, "expected each scope once"],
  ["an unknown scope", { scopes: ["incidents:order"] }, "scopes.0"],
  ["no days", { days: 0 }, "expected 1 to 365 days"],
  ["more than a year", { days: 366 }, "expected 1 to 365 days"],
  ["days that are no number", { days: Number.NaN }, "days"],
  ["a name with capitals", { name: "Board" }, "name"],
])("%s is refused in words", async (_name, wrong, words) => {
  const refused = await accounts.addService({ ...service, ...wrong } as NewService, null);
  expect(refused).toMatchObject({ ok: false, code: "bad-request" });
  expect(refused).toHaveProperty("detail", expect.stringContaining(words));
  expect(await accounts.services()).toEqual([]);
});

test("no person and no service have the same name, also after the service is gone", async () => {
  const person = { displayName: "李", role: "operator", password: "a lamp in the rain" } as const;
  const li = Username.parse("li");
  await accounts.add({ ...person, username: li }, null);
  expect(await accounts.addService({ ...service, name: li }, null)).toMatchObject({
    code: "conflict",
    detail: "li is an account: expected a name that no person has",
  });
  await made();
  await accounts.revokeService(BOARD, by);
  expect(await accounts.add({ ...person, username: BOARD }, null)).toMatchObject({
    code: "conflict",
    detail: "dashboard is or was a service: take another name",
  });
});

test("there are a bounded number of services, and a revoked one makes room", async () => {
  const name = (n: number): Username => Username.parse(`service-${n}`);
  for (let n = 0; n < MAX_SERVICES; n += 1) await made({ ...service, name: name(n) });
  expect(await accounts.addService(service, by)).toMatchObject({
    code: "conflict",
    detail: "expected at most 100 services, and there are as many: revoke some",
  });
  await accounts.revokeService(name(7), by);
  expect(await made()).toMatch(/^anzhu_/);
});

test("who made and who revoked it waits for the journal, without the token", async () => {
  const before = accounts.version();
  const token = await made();
  await accounts.revokeService(BOARD, null);
  expect(accounts.version()).not.toBe(before);
  const facts = accounts.waitingFacts().map(({ fact }) => fact);
  expect(facts).toMatchObject([
    { type: "service-changed", username: BOARD, change: "made", by: "root", byName: "Root" },
    { type: "service-changed", username: BOARD, change: "revoked", by: null },
  ]);
  expect(JSON.stringify(facts)).not.toContain(token);
});
