/**
 * The identity register beside the authority, from which a restored journal learns what it has
 * lost.
 */
import { appendFileSync, readFileSync, statSync, truncateSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { IdentityFact } from "../../../hub/core/facts.ts";
import { openRegister } from "../../../hub/identity/identity-register.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { FAR_AHEAD, pillar } from "../../kit/core/hub-core-street.ts";

const place = { name: "n", grid: "g", address: "", position: null };
const registered = (n: number): IdentityFact => ({
  type: "pillar-registered",
  at: 1,
  pillarId: pillar(n),
  ...place,
});
const enrolled = (n: number, certificateSerial: string): IdentityFact => ({
  type: "pillar-enrolled",
  at: 2,
  pillarId: pillar(n),
  ...{ certificateSerial, alarmPublicKey: "key", certificateExpiresAt: FAR_AHEAD },
});
const renewed = (n: number, replaces: string, certificateSerial: string): IdentityFact => ({
  type: "certificate-renewed",
  at: 3,
  pillarId: pillar(n),
  ...{ replaces, certificateSerial, certificateExpiresAt: 9 },
});

function newRegister() {
  const dir = tempDir();
  mkdirSync(join(dir, "authority"));
  const complaints: string[] = [];
  const open = () => openRegister(dir, (text) => complaints.push(text));
  return { open, complaints, file: join(dir, "authority", "register.jsonl") };
}

test("what was kept is read again, of each pillar in its order", async () => {
  const { open } = newRegister();
  expect([...(await open().read())]).toEqual([]);
  const register = open();
  await Promise.all([
    register.keep([registered(0), enrolled(0, "a")]),
    register.keep([registered(1), enrolled(1, "x")]),
    register.keep([renewed(0, "a", "b")]),
  ]);
  const kept = await open().read();
  expect(kept.get(pillar(0))).toEqual([registered(0), enrolled(0, "a"), renewed(0, "a", "b")]);
  expect(kept.get(pillar(1))).toEqual([registered(1), enrolled(1, "x")]);
});

test("only what the latest enrolment needs stays, and its file is nobody else's to read", async () => {
  const { open, file } = newRegister();
  const register = open();
  for (const serial of ["a", "b", "c", "d"]) {
    await register.keep([registered(0), enrolled(0, serial)]);
  }
  const before = statSync(file).size;
  expect((await open().read()).get(pillar(0))).toEqual([registered(0), enrolled(0, "d")]);
  expect(statSync(file).size).toBeLessThan(before / 2);
  expect(statSync(file).mode & 0o077).toBe(0);
});

test("a torn last line costs that line, is complained of once, and spoils nothing after it", async () => {
  const { open, file, complaints } = newRegister();
  await open().keep([registered(0), enrolled(0, "a")]);
  const whole = readFileSync(file, "utf8");
  await open().keep([renewed(0, "a", "b")]);
  truncateSync(file, Buffer.byteLength(whole) + 20);
  expect((await open().read()).get(pillar(0))).toEqual([registered(0), enrolled(0, "a")]);
  expect(complaints).toMatchObject([expect.stringContaining("1 of 3 lines cannot be read")]);
  await open().keep([renewed(0, "a", "c")]);
  expect((await open().read()).get(pillar(0))).toHaveLength(3);
  expect(complaints).toHaveLength(1);
});

test("a line of nonsense does not keep the hub from starting", async () => {
  const { open, file, complaints } = newRegister();
  await open().keep([registered(0), enrolled(0, "a")]);
  appendFileSync(file, "nonsense\n");
  await open().keep([registered(1), enrolled(1, "x")]);
  expect((await open().read()).size).toBe(2);
  expect(complaints).toMatchObject([expect.stringContaining("revoke again what was revoked")]);
});
