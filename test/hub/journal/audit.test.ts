/** The audit's read model on a real journal. */
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import { openReads } from "../../../hub/journal/read/reads.ts";
import { AuditPage, AuditQuery } from "../../../shared/api/audit.ts";
import { IncidentId, RecordingId, Username } from "../../../shared/ids.ts";
import { tempDir } from "../../kit/journal/directory.ts";

const ONE = IncidentId.parse("1".repeat(32));
const LI = Username.parse("li");
const WANG = Username.parse("wang");
const T = Date.parse("2026-03-04T05:00:00Z");
const person = { by: LI, byName: "李" };

/** One fact of each kind, a minute apart. */
const FACTS: readonly Fact[] = [
  { type: "session-opened", at: T, username: LI, from: "10.1.2.3" },
  {
    type: "records-read",
    at: T + 60_000,
    what: "incident",
    of: ONE,
    ...person,
    from: "10.1.2.3",
    count: 1,
  },
  {
    type: "recording-viewed",
    at: T + 120_000,
    recordingId: RecordingId.parse("2".repeat(32)),
    ...person,
    of: ONE,
    how: "download",
    from: "10.1.2.3",
  },
  { type: "sign-in-refused", at: T + 180_000, username: WANG, from: "10.9.9.9", count: 7 },
  {
    type: "account-changed",
    at: T + 240_000,
    username: WANG,
    displayName: "王",
    role: "admin",
    scope: ROOT_AREA,
    change: "role",
    by: null,
    byName: null,
  },
  {
    type: "records-read",
    at: T + 300_000,
    what: "audit",
    of: null,
    by: WANG,
    byName: "王",
    from: "::1",
    count: 1,
  },
];

async function journalWith(facts: readonly Fact[]) {
  const dataDir = tempDir();
  const file = `${dataDir}/journal.db`;
  const journal = await openJournal(file);
  await journal.append(facts);
  const reads = openReads({ file, dataDir, heardAt: () => undefined });
  onTestFinished(async () => {
    reads.close();
    await journal.close();
  });
  const ask = async (query: object = {}) =>
    AuditPage.parse(await reads.audit(AuditQuery.parse(query)));
  return { file, journal, ask };
}

describe("the audit", () => {
  test("tells who did what, newest first", async () => {
    const { ask } = await journalWith(FACTS);
    const { items, next } = await ask();
    expect(next).toBeNull();
    expect(items.map(({ kind, by, detail }) => [kind, by, detail])).toEqual([
      ["audit", "wang", { kind: "read", what: "audit" }],
      ["account", null, { kind: "account", change: "role", role: "admin", scope: null }],
      ["sign-in-refused", "wang", null],
      ["recording", "li", { kind: "viewed", how: "download" }],
      ["read", "li", { kind: "read", what: "incident" }],
      ["session", "li", null],
    ]);
    expect(items[2]).toMatchObject({ from: "10.9.9.9", count: 7 });
    expect(items[3]).toMatchObject({ incidentId: ONE, from: "10.1.2.3", byName: "李" });
  });

  test("is filtered by person, kind, incident and time", async () => {
    const { ask } = await journalWith(FACTS);
    const kinds = async (query: object) => (await ask(query)).items.map(({ kind }) => kind);
    expect(await kinds({ person: "li" })).toEqual(["recording", "read", "session"]);
    expect(await kinds({ person: "wang" })).toEqual(["audit", "account", "sign-in-refused"]);
    expect(await kinds({ kind: "session" })).toEqual(["session"]);
    expect(await kinds({ incidentId: ONE })).toEqual(["recording", "read"]);
    const from = new Date(T + 60_000).toISOString();
    const to = new Date(T + 180_000).toISOString();
    expect(await kinds({ from, to })).toEqual(["recording", "read"]);
    expect(await kinds({ person: "li", kind: "read", incidentId: ONE, from, to })).toEqual([
      "read",
    ]);
  });

  test("goes on from where a page ended, also when the clock was set back", async () => {
    const stepped = FACTS.map((fact, n): Fact => ({ ...fact, at: T + (n % 2) * 1000 }));
    const { ask } = await journalWith(stepped);
    const whole = (await ask()).items.map(({ index }) => index);
    const parts: number[] = [];
    let cursor: string | null = null;
    do {
      const page: AuditPage = await ask({ limit: "1", ...(cursor === null ? {} : { cursor }) });
      parts.push(...page.items.map(({ index }) => index));
      cursor = page.next;
    } while (cursor !== null);
    expect(parts).toEqual(whole);
    expect(new Set(parts).size).toBe(FACTS.length);
  });

  test("a page of a long journal costs the page, whatever the filter", async () => {
    const many = Array.from({ length: 20_000 }, (_, n): Fact => {
      const base = FACTS[n % FACTS.length]!;
      return { ...base, at: T + n * 1000 };
    });
    const { ask, journal } = await journalWith([]);
    for (let n = 0; n < many.length; n += 2000) await journal.append(many.slice(n, n + 2000));
    const to = new Date(T + 1_000_000).toISOString();
    for (const query of [{}, { to }, { person: "li", to }, { kind: "read" }, { incidentId: ONE }]) {
      const startedAt = performance.now();
      expect((await ask(query)).items).toHaveLength(50);
      expect(performance.now() - startedAt).toBeLessThan(50);
    }
  });

  test("a row that cannot be read costs that row, not the list", async () => {
    const broken = { ...FACTS[1]!, by: "nobody ever", count: -1 } as unknown as Fact;
    const { ask } = await journalWith([...FACTS, broken]);
    expect((await ask()).items).toHaveLength(FACTS.length);
  });
});
