/**
 * The pillar's key and certificate are in one file, so that no crash can leave a key without its
 * certificate.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTlsKey } from "../../../../device/adapters/identity/key-pair.ts";
import {
  readTlsPair,
  writeTlsPair,
  type TlsPair,
} from "../../../../device/adapters/identity/tls-pair.ts";
import { openAuthority } from "../../../../hub/identity/authority.ts";
import { PillarId } from "../../../../shared/ids.ts";

const PILLAR = PillarId.parse("pillar-1");
const KILLS = 12;

let dir: string;
let pairs: readonly TlsPair[];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-pair-"));
  const authority = await openAuthority(dir, []);
  const make = async (): Promise<TlsPair> => {
    const { tlsKey, csr } = await makeTlsKey(PILLAR);
    return { tlsKey, tlsCert: (await authority.issue(csr, PILLAR)).certificate };
  };
  pairs = [await make(), await make()];
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("what was written is read, and nobody else may read it", () => {
  const file = join(dir, "one.pem");
  for (const pair of pairs) {
    writeTlsPair(file, pair);
    const { tlsKey, tlsCert } = readTlsPair(file);
    expect([tlsKey.trim(), tlsCert.trim()]).toEqual([pair.tlsKey.trim(), pair.tlsCert.trim()]);
  }
});

test("a process killed while it writes leaves the old pair or the new one, never a mix", async () => {
  const sources = pairs.map((pair, n) => {
    const source = join(dir, `source-${n}.pem`);
    writeTlsPair(source, pair);
    return source;
  });
  const file = join(dir, "killed.pem");
  writeTlsPair(file, pairs[0]!);
  const program = join(import.meta.dirname, "tls-pair-child.ts");
  const seen = new Set<string>();
  for (let n = 0; n < KILLS; n += 1) {
    const child = spawn(process.execPath, [program, file, ...sources]);
    await once(child.stdout, "data");
    await delay(n * 3);
    child.kill("SIGKILL");
    await once(child, "exit");
    const found = readTlsPair(file).tlsCert.trim();
    expect(pairs.map(({ tlsCert }) => tlsCert.trim())).toContain(found);
    seen.add(found);
  }
  expect(seen.size).toBeGreaterThan(0);
}, 60_000);

describe("a file that holds no good pair is refused, with what to do", () => {
  test.each([
    ["none", () => "", /found one of them or none/],
    ["half of one", () => pairs[0]!.tlsCert, /found one of them or none/],
    ["two that do not fit", () => pairs[0]!.tlsKey + pairs[1]!.tlsCert, /do not belong together/],
  ])("%s", (name, text, words) => {
    const file = join(dir, `${name}.pem`);
    writeFileSync(file, text());
    expect(() => readTlsPair(file)).toThrow(words);
    expect(() => readTlsPair(file)).toThrow(/anzhu-agent enrol/);
  });

  test("a file that is not there", () => {
    expect(() => readTlsPair(join(dir, "absent.pem"))).toThrow(/it is not there/);
  });

  test("a torn copy beside the name is not looked at", () => {
    const file = join(dir, "torn.pem");
    writeTlsPair(file, pairs[0]!);
    writeFileSync(`${file}.new`, readFileSync(file, "utf8").slice(0, 100));
    expect(readTlsPair(file).tlsCert.trim()).toBe(pairs[0]!.tlsCert.trim());
  });
});
