import { expect, test } from "vitest";
import { memoryLedger } from "../../../../device/adapters/ledger/ledger-memory.ts";
import { ownLedger } from "../../../../device/adapters/ledger/ledger-resigned.ts";
import type { LedgerNews, SealedAlarm } from "../../../../device/core/state/kept.ts";

const alarm = (seq: number, sig: string): SealedAlarm =>
  ({ event: { seq }, hash: `hash ${seq}`, sig }) as unknown as SealedAlarm;
const stored = [alarm(1, "old"), alarm(2, "old"), alarm(3, "new")];

test("alarms of an earlier enrolment get the present key's signature, younger ones are left as they are", async () => {
  const asked: number[] = [];
  const resign = (one: SealedAlarm): SealedAlarm => {
    asked.push(one.event.seq);
    return one.sig === "new" ? one : alarm(one.event.seq, "new");
  };
  const news: LedgerNews[] = [];
  let tell: (news: LedgerNews) => void = () => undefined;
  const inner = {
    ...memoryLedger(0, "no disk"),
    unaccepted: stored,
    since: () => Promise.resolve(stored),
    onNews: (listener: (news: LedgerNews) => void) => void (tell = listener),
  };
  const ledger = ownLedger(inner, resign);
  const sigs = (alarms: readonly SealedAlarm[]): string[] => alarms.map(({ sig }) => sig);
  expect(sigs(ledger.unaccepted)).toEqual(["new", "new", "new"]);
  expect(ledger.unaccepted.map(({ hash }) => hash)).toEqual(stored.map(({ hash }) => hash));
  expect(asked).toEqual([1, 2, 3]);
  expect(sigs(await ledger.since(1, 10))).toEqual(["new", "new", "new"]);
  ledger.onNews((told) => void news.push(told));
  tell({ type: "back", hubEpoch: undefined, unaccepted: stored, replayFrom: undefined });
  tell({ type: "broken", reason: "again" });
  expect(news).toMatchObject([
    { type: "back", unaccepted: [{ sig: "new" }, { sig: "new" }, { sig: "new" }] },
    { type: "broken", reason: "again" },
  ]);
});
