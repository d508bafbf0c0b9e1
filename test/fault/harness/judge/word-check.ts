/**
 * I2 to the second: lamp, voice and screen of real pillars against who really has the call.
 *
 * The judge is the simulated world's own (`checkers/words/promise.ts`); here a recorded run is put
 * into its words. A pillar counts as one that can be told when its log says that it is linked, the
 * hub is up, and nothing was broken at it, at the hub or by a pause of the machine for as long as a
 * dead line may stay unseen and a link takes to be back.
 */
import { PROMISED_MS } from "../../../../shared/promises.ts";
import { checkPromise } from "../../../../simulator/world/checkers/words/promise.ts";
import type { Happening } from "../../../../simulator/world/run/happening.ts";
import type { History } from "../../../../simulator/world/run/history.ts";
import type { EventId } from "../../../../shared/ids.ts";
import type { Violation } from "./violation.ts";
import type { Entry } from "./history.ts";
import type { JournalView } from "./journal-view.ts";

/** A dead line is noticed; a second or two later the pillar is linked again and told. */
const CALM_AFTER_MS = PROMISED_MS.deadLineNoticed + 3000;

export function falseWords(entries: readonly Entry[], view: JournalView): Violation[] {
  // What was spoken and shown is compared with moments of the journal, or not at all.
  if (!view.isHubClockTrue) return [];
  const end = entries.findLast(({ what }) => what === "end");
  const happenings = [...durable(view), ...seen(entries, view)].toSorted((a, b) => a.at - b.at);
  const endedAt = end?.what === "end" ? end.at : (happenings.at(-1)?.at ?? 0);
  const found = checkPromise({ happenings, endedAt } as unknown as History);
  return found.map(({ at, detail, about: [pillar] }) => ({
    invariant: "I2",
    detail: `${pillar}, ${Math.round(at)}: ${detail}`,
  }));
}

const durable = ({ rows, facts }: JournalView): Happening[] =>
  facts.map((fact, i) => ({ type: "durable", at: rows[i]!.at, index: i + 1, fact }));

function seen(entries: readonly Entry[], view: JournalView): Happening[] {
  const calm = newCalm();
  const found: Happening[] = [];
  const timed = entries.filter((entry) => "at" in entry).toSorted((a, b) => a.at - b.at);
  for (const entry of timed) {
    const { at } = entry;
    found.push(...calm.until(at));
    switch (entry.what) {
      case "lamp":
      case "voice":
      case "screen": {
        const { pillarId: pillar } = entry;
        found.push(said(entry, newestAlarm(view, pillar, at)));
        break;
      }
      case "life":
        found.push({ type: "pillar-up", at, pillar: entry.pillarId, isBornBlind: false });
        found.push(...calm.link(entry.pillarId, false, at));
        break;
      case "unwatched":
        found.push(...calm.link(entry.pillarId, false, at));
        break;
      case "link":
        found.push({ type: "link", at, pillar: entry.pillarId, isUp: entry.isUp });
        found.push(...calm.link(entry.pillarId, entry.isUp, at));
        break;
      case "fault":
        found.push(...calm.trouble(entry.pillarId, at));
        break;
      case "hub":
        found.push(...calm.trouble(undefined, at));
        break;
      default:
    }
  }
  return found;
}

type Said = Extract<Entry, { what: "lamp" | "voice" | "screen" }>;

function said(entry: Said, eventId: EventId | undefined): Happening {
  const { at, pillarId: pillar } = entry;
  const base = { at, pillar, eventId };
  if (entry.what === "lamp") return { type: "shown", ...base, lamp: entry.lamp };
  if (entry.what === "voice") return { type: "said", ...base, prompt: entry.prompt };
  const { phase, zh, en } = entry;
  return { type: "displayed", ...base, phase, zh, en };
}

function newestAlarm(view: JournalView, pillar: string, at: number): EventId | undefined {
  const alarms = view.alarmsByPillar.get(pillar) ?? [];
  return alarms.findLast(({ row }) => row.at <= at)?.fact.event.eventId;
}

interface Calm {
  /** What has become calm by then. */
  until(at: number): Happening[];
  link(pillar: string, isUp: boolean, at: number): Happening[];
  /** `undefined`: everywhere. */
  trouble(pillar: string | undefined, at: number): Happening[];
}

function newCalm(): Calm {
  /** Linked pillars, and from when on each can be told. */
  const from = new Map<string, number>();
  const told = new Set<string>();
  const ends = (pillar: string, at: number): Happening[] =>
    told.delete(pillar) ? [{ type: "reach", at, pillar, canBeTold: false }] : [];
  return {
    until: (at) =>
      [...from].flatMap(([pillar, since]): Happening[] => {
        if (since > at || told.has(pillar)) return [];
        told.add(pillar);
        return [{ type: "reach", at: since, pillar, canBeTold: true }];
      }),
    link: (pillar, isUp, at) => {
      if (isUp) from.set(pillar, at + CALM_AFTER_MS);
      else from.delete(pillar);
      return ends(pillar, at);
    },
    trouble: (pillar, at) => {
      const touched = pillar === undefined ? [...from.keys()] : [pillar];
      return touched.flatMap((one) => {
        if (from.has(one)) from.set(one, at + CALM_AFTER_MS);
        return ends(one, at);
      });
    },
  };
}
