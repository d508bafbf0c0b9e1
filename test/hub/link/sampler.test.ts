import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSampledLog, SAMPLED_KINDS } from "../../../hub/link/sampled-log.ts";
import { createSampler } from "../../../hub/link/sampler.ts";
import { PillarId } from "../../../shared/ids.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ONE = PillarId.parse("pillar-1");

function newLog(): { log: ReturnType<typeof createSampledLog>; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line).msg);
  return { log: createSampledLog(pino({}, { write })), lines };
}

test("the first is told at once, the others once with their number, and silence ends it", () => {
  const told: [string, number][] = [];
  const sampler = createSampler<string>({
    ...{ everyMs: 1000, mostKeys: 10 },
    tell: (what, more) => void told.push([what, more]),
  });
  for (const what of ["a", "b", "c"]) sampler.offer("key", what);
  expect(told).toEqual([["a", 0]]);
  vi.advanceTimersByTime(1000);
  expect(told.at(-1)).toEqual(["c", 1]);
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(2);
  sampler.offer("key", "d");
  expect(told.at(-1)).toEqual(["d", 0]);
  expect(vi.getTimerCount()).toBe(1);
  sampler.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("more keys than there is room for share one", () => {
  const told: string[] = [];
  const sampler = createSampler<string>({
    ...{ everyMs: 1000, mostKeys: 3 },
    tell: (what, more) => void told.push(`${what} ${more}`),
  });
  for (let n = 0; n < 1000; n += 1) sampler.offer(`key ${n}`, String(n));
  expect(told).toEqual(["0 0", "1 0", "2 0", "3 0"]);
  vi.advanceTimersByTime(1000);
  expect(told.at(-1)).toBe("999 995");
});

test("9,000 different texts of one pillar are one line, and another pillar's is told beside it", () => {
  const { log, lines } = newLog();
  for (let n = 0; n < 9000; n += 1) {
    const text = `refused "${n}‮\u001b[2J"`;
    log({ kind: "subscription", sender: { pillarId: ONE }, text, fields: {} });
  }
  const other = { pillarId: PillarId.parse("pillar-2") };
  log({ kind: "subscription", sender: other, text: "another", fields: {} });
  expect(lines).toHaveLength(2);
  expect(log.counts().subscription).toBe(9001);
  vi.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toContain("(and 8998 more like this in 10 s)");
});

test("strangers with many addresses fill a few hundred lines and no more", () => {
  const { log, lines } = newLog();
  for (let n = 0; n < 5000; n += 1) {
    const sender = { address: `192.0.${n >> 8}.${n & 255}` };
    log({ kind: "handshake", sender, text: "refused", fields: {} });
  }
  expect(lines.length).toBeLessThanOrEqual(301);
});

test("every kind is counted from the start", () => {
  const { log } = newLog();
  expect(Object.keys(log.counts())).toEqual([...SAMPLED_KINDS]);
});
