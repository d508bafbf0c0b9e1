/** Group F: messages repeated, shuffled, replayed, damaged and invented, at a real hub process. */
import { afterAll, afterEach, assert, beforeAll, expect, test } from "vitest";
import type { SealedAlarm } from "../../device/core/state/kept.ts";
import { upTopic } from "../../shared/protocol/topics.ts";
import { alarmRows, openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { wirePillar, type WireLink, type WirePillar } from "./harness/network/wire-pillar.ts";
import { waitFor } from "../kit/run/wait.ts";

const SLOW = 60_000;

let street: Street;
let bystander: WireLink;
let pid: number;

beforeAll(async () => {
  street = await openStreet();
  pid = street.hub.process().pid();
  bystander = await (await join("bystander")).connect();
});
afterEach(async () => {
  // Whatever one pillar did, the hub goes on and serves the other.
  const alarm = await bystander.press();
  await waitFor(() => assert(bystander.isAccepted(alarm)), { timeout: 15_000 });
  assert(street.hub.process().pid() === pid, "the hub was started again");
});
afterAll(() => street?.close());

const join = (id: string): Promise<WirePillar> => wirePillar(street, id);

const recordedOf = (pillarId: string): number => alarmRows(street.hub.dir, pillarId).length;
const recordedEvents = (pillarId: string): unknown[] =>
  alarmRows(street.hub.dir, pillarId).map(
    (row) => (JSON.parse(row.body) as { event: unknown }).event,
  );
const isSaid = (words: string): boolean => street.hub.lines().some((line) => line.includes(words));
const untilSaid = (words: string): Promise<void> => expect.poll(() => isSaid(words)).toBe(true);

test(
  "F1 an alarm that arrives six times is one alarm with six receipts",
  { timeout: SLOW },
  async () => {
    const pillar = await join("repeated");
    const link = await pillar.connect();
    for (let n = 0; n < 4; n += 1) {
      const alarm = await link.press();
      for (let again = 0; again < 5; again += 1) {
        await link.publish("alarm", pillar.envelope(alarm, { attempt: again + 2 }));
      }
    }
    await expect
      .poll(() => link.received.filter(({ channel }) => channel === "accepted").length)
      .toBe(24);
    expect(recordedOf(pillar.id)).toBe(4);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "F3 alarms in any order are all recorded, and nothing is missing in the end",
  { timeout: SLOW },
  async () => {
    const pillar = await join("shuffled");
    const link = await pillar.connect();
    const alarms = Array.from({ length: 20 }, () => pillar.seal());
    // 7 and 20 have no common divisor: every alarm once, none beside its neighbour.
    const order = alarms.map((_, i) => alarms[(i * 7 + 13) % alarms.length]!);
    for (const alarm of order) await link.publish("alarm", pillar.envelope(alarm));
    await expect.poll(() => alarms.every((alarm) => link.isAccepted(alarm))).toBe(true);
    expect(recordedOf(pillar.id)).toBe(20);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "F4 a captured day sent again changes nothing, and after a new enrolment it is refused",
  { timeout: SLOW },
  async () => {
    const pillar = await join("captured");
    const link = await pillar.connect();
    const day: SealedAlarm[] = [];
    for (let n = 0; n < 5; n += 1) day.push(await link.press());
    await expect.poll(() => day.every((alarm) => link.isAccepted(alarm))).toBe(true);
    await link.client.endAsync();
    const rows = readJournal(street.hub.dir).length;
    const later = await pillar.connect();
    for (const alarm of day) await later.publish("alarm", pillar.envelope(alarm, { attempt: 9 }));
    await expect.poll(() => day.every((alarm) => later.isAccepted(alarm))).toBe(true);
    expect(recordedOf(pillar.id)).toBe(5);
    expect(
      readJournal(street.hub.dir)
        .slice(rows)
        .map(({ type }) => type),
    ).not.toContain("incident-opened");
    await later.client.endAsync();
    const successor = await join("captured");
    const anew = await successor.connect();
    for (const alarm of day) await anew.publish("alarm", successor.envelope(alarm));
    await untilSaid("the signature of captured does not fit its alarm key");
    expect(recordedOf(pillar.id)).toBe(5);
  },
);

const BITS = 40;

test(
  "F5 a flipped bit anywhere, and JSON made to hurt, are dropped without a trace in the journal",
  { timeout: SLOW },
  async () => {
    const pillar = await join("damaged");
    const good = Buffer.from(JSON.stringify(pillar.envelope(pillar.seal())));
    const event = `"event":{"__proto__":{"isAdmin":true},"seq":1e400,"text":"\\ud800"}`;
    const hostile = [
      ...Array.from({ length: BITS }, (_, n) =>
        flipped(good, Math.floor((n * good.length) / BITS)),
      ),
      Buffer.from("[".repeat(30_000)),
      Buffer.from(`{"v":1,${event},"__proto__":null}`),
      Buffer.from('{"v":1,"constructor":{"prototype":{"v":1}}}'),
      good.subarray(0, good.length - 5),
      Buffer.alloc(0),
    ];
    // The tenth piece of nonsense ends a connection, so nine go over each.
    for (let from = 0; from < hostile.length; from += 9) {
      const link = await pillar.connect();
      for (const bytes of hostile.slice(from, from + 9)) {
        await link.raw(upTopic(pillar.id, "alarm"), bytes);
      }
      expect(link.received.some(({ channel }) => channel === "accepted")).toBe(false);
      await link.client.endAsync();
    }
    expect(recordedOf(pillar.id)).toBe(0);
  },
);

/** Each bit of the envelope is signed, or says how old the alarm is, or names a field. */
function flipped(good: Buffer, at: number): Buffer {
  const end = good.indexOf('"ageMs"');
  const bytes = Buffer.from(good);
  const place = Math.min(at, end - 1);
  bytes[place] = bytes[place]! ^ (1 << (at % 7));
  return bytes;
}

test(
  "F6 two alarms under one number are both kept, ring, and are a fault of the pillar",
  { timeout: SLOW },
  async () => {
    const pillar = await join("forked");
    const link = await pillar.connect();
    const first = await link.press();
    await expect.poll(() => link.isAccepted(first)).toBe(true);
    const second = pillar.seal({ seq: 1, prevHash: first.event.prevHash });
    await link.publish("alarm", pillar.envelope(second));
    await expect.poll(() => link.isAccepted(second)).toBe(true);
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).faults)
      .toContain("ledger-forked");
    expect(recordedOf(pillar.id)).toBe(2);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "F9 an alarm of a newer pillar rings, is kept to the letter, and tells that the hub is older",
  { timeout: SLOW },
  async () => {
    const pillar = await join("foreign");
    const link = await pillar.connect();
    const more = { weather: { isRaining: true, wind: [3, 4] }, clock: { synced: true, leap: 1 } };
    const known = pillar.seal({ ...more, text: "help" });
    await link.publish("alarm", pillar.envelope(known, { colour: "red" }));
    await expect.poll(() => link.isAccepted(known)).toBe(true);
    const faults = async () => (await street.hub.operator.pillar(pillar.id)).faults;
    expect(await faults()).not.toContain("protocol-newer");
    const newer = pillar.seal({ v: 2, kind: "gesture", ...more });
    await link.publish("alarm", pillar.envelope(newer, { v: 2, colour: "red" }));
    await expect.poll(() => link.isAccepted(newer)).toBe(true);
    await expect.poll(faults).toContain("protocol-newer");
    const incident = (await street.hub.operator.active()).find(
      (one) => one.pillarId === pillar.id,
    )!;
    expect(incident).toMatchObject({ kind: "voice", state: "open" });
    expect(recordedEvents(pillar.id)).toEqual([known.event, newer.event]);
    // The judge links the chain over what the pillar signed, with its unknown fields.
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "F9 what a newer pillar adds to its alarm is signed too: changed on the way, it is refused",
  { timeout: SLOW },
  async () => {
    const pillar = await join("altered");
    const link = await pillar.connect();
    const alarm = pillar.seal({ weather: "rain" } as object);
    const event = { ...alarm.event, weather: "sun" };
    await link.publish("alarm", pillar.envelope({ ...alarm, event }));
    await untilSaid("the signature of altered does not fit its alarm key");
    const { weather: _, ...less } = { ...alarm.event, weather: "" };
    await link.publish("alarm", pillar.envelope({ ...alarm, event: less }));
    expect(recordedOf(pillar.id)).toBe(0);
    await link.publish("alarm", pillar.envelope(alarm));
    await expect.poll(() => link.isAccepted(alarm)).toBe(true);
  },
);

test(
  "F9 a newer pillar's heartbeat counts, and a report that cannot be read has no effect",
  { timeout: SLOW },
  async () => {
    const pillar = await join("advanced");
    const link = await pillar.connect();
    await link.publish("report", { v: 2, type: "unknown", text: "" });
    await untilSaid("advanced/up/report: type: ");
    await link.publish("heartbeat", {
      ...{ v: 2, bootEpoch: 1, uptimeMs: 1, wallMs: Date.now(), release: "9", colour: "red" },
      ...{ sessionNonce: "6".repeat(32), head: { seq: 0, hash: "0".repeat(64) }, outboxDepth: 0 },
      faults: ["camera-lost", "lens-dirty"],
    });
    const shown = () => street.hub.operator.pillar(pillar.id);
    await expect
      .poll(async () => (await shown()).faults)
      .toEqual(["camera-lost", "protocol-newer"]);
    expect((await shown()).presence).toBe("online");
    expect(link.client.connected).toBe(true);
  },
);

test(
  "J1 malformed SDP is refused with its reason, on up/signal and to WHEP",
  { timeout: SLOW },
  async () => {
    const pillar = await join("mumbling");
    const link = await pillar.connect();
    // What a pillar is told is signed for the session that its heartbeat names.
    await link.publish("heartbeat", {
      ...{ v: 1, bootEpoch: 1, uptimeMs: 1, wallMs: Date.now(), release: "1", faults: [] },
      ...{ sessionNonce: "6".repeat(32), head: { seq: 0, hash: "0".repeat(64) }, outboxDepth: 0 },
    });
    const alarm = await link.press();
    await expect.poll(() => link.isAccepted(alarm)).toBe(true);
    const sdps = ["v=0", `v=0\r\n${"m=audio 9 X 0\r\n".repeat(900)}`, "v=0\r\nm=video\r\n\0\r\n"];
    for (const [n, sdp] of sdps.entries()) {
      await link.publish("signal", { v: 1, type: "offer", sessionId: `${n}`.repeat(32), sdp });
    }
    await expect
      .poll(() => link.received.filter(({ channel }) => channel === "signal").length)
      .toBe(sdps.length);
    const incident = (await street.hub.operator.active()).find(
      (one) => one.pillarId === pillar.id,
    )!;
    for (const body of [...sdps, "hello", `v=0\r\n${"a=x\r\n".repeat(20_000)}`]) {
      const headers = { "content-type": "application/sdp" };
      const path = `/incidents/${incident.id}/whep`;
      const answer = await street.hub.operator.request(path, { method: "POST", headers, body });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(await answer.json()).toMatchObject({
        detail: expect.stringMatching(/expected|too large/),
      });
    }
  },
);

test(
  "F7 a number far ahead is recorded and asked about once; numbers that are none are refused",
  { timeout: SLOW },
  async () => {
    const pillar = await join("leaping");
    const link = await pillar.connect();
    for (const seq of [0, -1, 1.5, 2 ** 53]) {
      const { event, sig } = pillar.seal({ seq: 1 });
      await link.publish("alarm", { v: 1, event: { ...event, seq }, sig, ageMs: 1, attempt: 1 });
    }
    expect(recordedOf(pillar.id)).toBe(0);
    const far = pillar.seal({ seq: 1_000_000_000 });
    await link.publish("alarm", pillar.envelope(far));
    await expect.poll(() => link.isAccepted(far)).toBe(true);
    const head = { seq: 1_000_000_000, hash: far.hash };
    const sessionNonce = "5".repeat(32);
    const base = {
      v: 1,
      sessionNonce,
      bootEpoch: 1,
      uptimeMs: 1,
      wallMs: Date.now(),
      outboxDepth: 0,
    };
    for (let n = 0; n < 5; n += 1) {
      await link.publish("heartbeat", { ...base, head, faults: [], release: "0" });
    }
    await expect
      .poll(() => link.received.filter(({ channel }) => channel === "command").length)
      .toBe(1);
  },
);
