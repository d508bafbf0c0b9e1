/**
 * What any journal must do, whatever it is made of: run once for each implementation of `Journal`.
 */
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import type { Journal } from "../../../hub/ports.ts";
import type { CellId } from "../../../shared/ids.ts";
import { newAlarm, pillar } from "../core/hub-core-street.ts";
import { press, registered } from "./press.ts";

/** One store, opened again and again. */
export interface Store {
  open(cell?: CellId): Promise<Journal>;
  /** From now on commits fail; `mend`: they work again. */
  breakDisk(): void;
  mend(): void;
}

export async function replayed(journal: Journal, snapshots = false) {
  const facts: Fact[] = [];
  const found: { snapshot?: string; at?: number } = {};
  await journal.replay({
    snapshot: (snapshot, at) => {
      if (snapshots) Object.assign(found, { snapshot, at });
      return snapshots;
    },
    fact: (fact) => facts.push(fact),
  });
  return { facts, ...found };
}

export function journalContract(name: string, newStore: () => Store): void {
  const opened = async (store: Store, cell?: CellId): Promise<Journal> => {
    const journal = await store.open(cell);
    onTestFinished(() => journal.close());
    return journal;
  };

  describe(`a journal (${name})`, () => {
    test("numbers facts from 1 without gaps, and gives them back as they were", async () => {
      const journal = await opened(newStore());
      expect(await journal.append([registered()])).toBe(1);
      expect(await journal.append(press(1))).toBe(2);
      expect(journal.nextIndex()).toBe(5);
      expect((await replayed(journal)).facts).toEqual([registered(), ...press(1)]);
    });

    test("goes on where it was after a restart, under the same cell and epoch", async () => {
      const store = newStore();
      const first = await store.open();
      await first.append([registered(), ...press(1)]);
      const place = [first.cell(), first.hubEpoch()];
      await first.close();
      const second = await opened(store);
      expect([second.cell(), second.hubEpoch()]).toEqual(place);
      expect(second.nextIndex()).toBe(5);
      expect(await second.append(press(2))).toBe(5);
      expect((await replayed(second)).facts).toHaveLength(7);
    });

    test("is of one cell for ever, and says so when it is opened as another's", async () => {
      const store = newStore();
      await (await store.open("north" as CellId)).close();
      await expect(store.open("south" as CellId)).rejects.toThrow(/cell north, expected south/);
      expect((await opened(store, "north" as CellId)).cell()).toBe("north");
    });

    test("commits what waits together, and keeps its order", async () => {
      const journal = await opened(newStore());
      const order: number[] = [];
      const appends = [[registered()], ...Array.from({ length: 200 }, (_, n) => press(n + 1))];
      await Promise.all(appends.map((facts) => journal.append(facts).then((at) => order.push(at))));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect((await replayed(journal)).facts).toEqual(appends.flat());
    });

    test("finds an alarm by its number and by its id, of its own pillar alone", async () => {
      const journal = await opened(newStore());
      await journal.append([registered(), ...press(1), ...press(2)]);
      const { event, sig } = newAlarm(pillar(0), { seq: 2 });
      expect(await journal.findAlarms(event)).toEqual([
        expect.objectContaining({ seq: 2, sig, index: 5, pillarId: pillar(0) }),
      ]);
      expect(await journal.findAlarms({ ...event, seq: 7 })).toHaveLength(1);
      expect(await journal.findAlarms({ ...event, pillarId: pillar(1) })).toEqual([]);
    });

    test("gives all facts of identities, of each pillar in their order", async () => {
      const journal = await opened(newStore());
      const again = { ...registered(0), at: 5 };
      await journal.append([registered(1), registered(0), ...press(1), again]);
      const facts = await journal.identityFacts();
      expect(facts).toHaveLength(3);
      expect(facts.filter(({ pillarId }) => pillarId === pillar(0))).toEqual([
        registered(0),
        again,
      ]);
    });

    test("begins a fold with the latest snapshot that is wanted", async () => {
      const journal = await opened(newStore());
      await journal.append([registered(), ...press(1)]);
      await journal.saveSnapshot(4, "state after four");
      await journal.append(press(2));
      const back = await replayed(journal, true);
      expect(back).toMatchObject({ snapshot: "state after four", at: 4, facts: press(2) });
      expect((await replayed(journal)).facts).toHaveLength(7);
    });

    test("rejects what it cannot commit and all behind it, until it is opened again", async () => {
      const store = newStore();
      const journal = await opened(store);
      await journal.append([registered()]);
      store.breakDisk();
      const lost = await Promise.allSettled([journal.append(press(1)), journal.append(press(2))]);
      expect(lost.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      store.mend();
      await expect(journal.append(press(1))).rejects.toThrow(/journal/);
      await journal.reopen();
      expect((await replayed(journal)).facts).toEqual([registered()]);
      expect(await journal.append(press(1))).toBe(2);
      expect((await replayed(journal)).facts).toEqual([registered(), ...press(1)]);
    });
  });
}
