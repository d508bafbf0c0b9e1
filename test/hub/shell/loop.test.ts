/** In which order the effects of decisions leave the hub: a pillar's receipt comes first. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_ESCALATION } from "../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../hub/core/incident/priority-settings.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import { startLoop, type Loop, type Outgoing } from "../../../hub/shell/loop.ts";
import { pillar } from "../../kit/core/hub-core-street.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { registered } from "../../kit/journal/press.ts";

async function newLoop(): Promise<Loop> {
  const journal = await openJournal(join(tempDir(), "journal.db"));
  const loop = await startLoop(journal, {
    escalation: DEFAULT_ESCALATION,
    priority: DEFAULT_PRIORITY,
    maxOpen: 100,
    mediaProcesses: 1,
  });
  onTestFinished(() => loop.close());
  await loop.record([registered(0)], () => ({ answer: undefined, perform: () => undefined }));
  return loop;
}

test("an answer is written before anything behind it begins, and everything leaves in the order of the decisions", async () => {
  const loop = await newLoop();
  const seen: string[] = [];
  const outgoing = (name: string, hasAnswer: boolean): Outgoing => ({
    answer: hasAnswer
      ? () => {
          seen.push(`${name} answered`);
          // A socket writes its bytes in the next tick, too.
          process.nextTick(() => seen.push(`${name} written`));
        }
      : undefined,
    perform: () => seen.push(`${name} performed`),
  });
  const take = (name: string, hasAnswer: boolean): Promise<void> => {
    const event = { type: "pillar-connected", at: 1, pillarId: pillar(0), hasTakenOver: false };
    return loop
      .take(event as never, () => outgoing(name, hasAnswer))
      .then(() => void seen.push(`${name} over`));
  };
  await Promise.all([take("first", true), take("second", false), take("third", true)]);
  const at = (what: string): number => seen.indexOf(what);
  expect(at("first written")).toBeLessThan(at("first performed"));
  expect(at("third written")).toBeLessThan(at("first performed"));
  expect(seen.filter((what) => what.endsWith("performed"))).toEqual([
    "first performed",
    "second performed",
    "third performed",
  ]);
  for (const name of ["first", "second", "third"]) {
    expect(at(`${name} performed`)).toBeLessThan(at(`${name} over`));
  }
});

test("without an answer before it nothing waits, and a mistake in it is its own", async () => {
  const loop = await newLoop();
  const event = { type: "pillar-connected", at: 1, pillarId: pillar(0), hasTakenOver: false };
  const bad = (): void => {
    throw new Error("not sent");
  };
  const good = { answer: () => undefined, perform: () => undefined };
  const [first, second] = await Promise.allSettled([
    loop.take(event as never, () => ({ ...good, perform: bad })),
    loop.take(event as never, () => good),
  ]);
  expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
  let isOver = false;
  const taken = loop.take(event as never, () => ({
    answer: undefined,
    perform: () => (isOver = true),
  }));
  await taken;
  expect(isOver).toBe(true);
});
