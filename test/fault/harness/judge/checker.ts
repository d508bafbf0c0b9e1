/**
 * Judges a recorded history by the promises, after the fact and without looking at the programs.
 *
 * I1 no loss, I2 no false promise, I3 exactly once, I5 an owner or a deadline, I6 both chains hold
 * and agree. A pure function, so that a planted violation of each can be seen to be found.
 *
 * Limit: it takes the journal as it lies on the disk at the end; who changed it in between and put
 * it back is not seen.
 */
import { chainViolations } from "./chain-check.ts";
import { deadlineViolations } from "./deadline-check.ts";
import type { Entry } from "./history.ts";
import { readJournal, type JournalView } from "./journal-view.ts";
import type { Violation } from "./violation.ts";
import { falseWords } from "./word-check.ts";

type Press = Extract<Entry, { what: "press" }>;
type Lamp = Extract<Entry, { what: "lamp" }>;

/** Between a contact and its time stamp lie the board's poll and two processes' clocks. */
const EDGE_TOLERANCE_MS = 500;

export function check(entries: readonly Entry[]): Violation[] {
  const view = readJournal(entries);
  return [
    ...lostPresses(entries, view),
    ...falsePromises(entries, view),
    ...falseWords(entries, view),
    ...repeatedEffects(view),
    ...deadlineViolations(entries, view),
    ...chainViolations(entries, view),
  ];
}

type Alarm = JournalView["alarms"][number];

const alarmsOf = (view: JournalView, { pillarId }: Press): readonly Alarm[] =>
  view.alarmsByPillar.get(pillarId) ?? [];

/** This alarm speaks for this press: it was born of it, or its call was going on. */
function covers(view: JournalView, alarm: Alarm, press: Press): boolean {
  const { event } = alarm.fact;
  if (event.pillarId !== press.pillarId) return false;
  if (press.eventId !== undefined) return press.eventId === event.eventId;
  if (Math.abs(event.wallMs - press.at) <= EDGE_TOLERANCE_MS) return true;
  return wasRunning(view, alarm, press);
}

/** The call of this alarm was going on when somebody pressed. */
function wasRunning(view: JournalView, { fact }: Alarm, press: Press): boolean {
  const closedAt = view.incidents.get(fact.incidentId)?.closedAt ?? Infinity;
  return view.isHubClockTrue && fact.event.wallMs <= press.at && closedAt >= press.at;
}

function lostPresses(entries: readonly Entry[], view: JournalView): Violation[] {
  const presses = entries.filter((entry) => entry.what === "press");
  return presses
    .filter((press) => !alarmsOf(view, press).some((alarm) => covers(view, alarm, press)))
    .map((press) => ({ invariant: "I1", detail: `${words(press)} is not in the journal` }));
}

function falsePromises(entries: readonly Entry[], view: JournalView): Violation[] {
  const found: Violation[] = [];
  const latest = new Map<string, Press>();
  const shown = new Map<string, Shown>();
  // A press is recorded at its release, and the lamp may be quicker.
  const timed = entries.filter((entry) => "at" in entry).toSorted((a, b) => a.at - b.at);
  for (const entry of timed) {
    if (entry.what === "press") latest.set(entry.pillarId, entry);
    let complaint = entry.what === "receipt" ? falseReceipt(view, entry) : undefined;
    if (entry.what === "lamp") {
      const now = shownNow(entry, latest.get(entry.pillarId), shown.get(entry.pillarId));
      shown.set(entry.pillarId, now);
      complaint = falseLamp(view, now);
    }
    if (complaint !== undefined) found.push({ invariant: "I2", detail: complaint });
  }
  return found;
}

interface Shown {
  readonly lamp: Lamp;
  /** The press it speaks for. */
  readonly press: Press | undefined;
  /** From "answered" back to "received", because the line is cut: it claims less than before. */
  readonly isLess: boolean;
}

/** A lamp that only falls back still speaks for the press it was lit for. */
function shownNow(lamp: Lamp, latest: Press | undefined, before: Shown | undefined): Shown {
  const isLess = lamp.lamp === "received" && before?.lamp.lamp === "answered";
  return { lamp, press: isLess ? before.press : latest, isLess };
}

/**
 * Of an end it cannot hear a lamp that falls back says nothing; for how long it may be wrong while
 * it can be told is judged in `word-check.ts`. A press in a running call has an alarm of its own,
 * and the lamp still speaks for the others of that call.
 */
function falseLamp(view: JournalView, { lamp, press, isLess }: Shown): string | undefined {
  if (lamp.lamp !== "received" && lamp.lamp !== "answered") return undefined;
  const shown = `${lamp.pillarId} showed "${lamp.lamp}" at ${lamp.at}`;
  if (!press) return `${shown} though nobody had pressed`;
  const spoken = alarmsOf(view, press).filter(
    (alarm) =>
      (covers(view, alarm, press) || wasRunning(view, alarm, press)) &&
      isBefore(view, alarm.row.at, lamp.at) &&
      (isLess || !isOver(view, alarm, lamp.at)),
  );
  if (spoken.length === 0) return `${shown} before the journal had the alarm of ${press.at}`;
  if (lamp.lamp === "received") return undefined;
  const isAnswered = spoken.some((alarm) =>
    view.incidents
      .get(alarm.fact.incidentId)
      ?.answers.some((answer) => answer.byName !== "" && isBefore(view, answer.at, lamp.at)),
  );
  return isAnswered ? undefined : `${shown} though nobody with a name had answered`;
}

function falseReceipt(
  view: JournalView,
  receipt: Extract<Entry, { what: "receipt" }>,
): string | undefined {
  const { eventId, pillarId, at } = receipt;
  const isHeld = view.alarms.some(
    ({ fact, row }) => fact.event.eventId === eventId && isBefore(view, row.at, at),
  );
  return isHeld ? undefined : `${pillarId} had a receipt for ${eventId} the journal never held`;
}

/** The news of an end may be on its way to the pillar. */
const NEWS_MS = 1000;

function isOver(view: JournalView, alarm: Alarm, at: number): boolean {
  const closedAt = view.incidents.get(alarm.fact.incidentId)?.closedAt ?? Infinity;
  return view.isHubClockTrue && closedAt + NEWS_MS < at;
}

const isBefore = (view: JournalView, hubAt: number, at: number): boolean =>
  !view.isHubClockTrue || hubAt <= at;

function repeatedEffects(view: JournalView): Violation[] {
  const declared = new Set(
    view.facts.flatMap((fact) =>
      fact.type === "alarm-equivocation" ? [`${fact.pillarId}/${fact.seq}`] : [],
    ),
  );
  const alarms = view.alarms.flatMap(({ fact }) => {
    const number = `${fact.event.pillarId}/${fact.event.seq}`;
    const event = `event ${fact.event.eventId}`;
    return declared.has(number) ? [event] : [`number ${number}`, event];
  });
  const effects = view.openings.map(({ eventId }) => `the effect of ${eventId}`);
  return [
    ...repeated(alarms).map((key) => `${key} was recorded more than once`),
    ...repeated(effects).map((key) => `${key} happened more than once`),
    ...view.rivals.map(({ first, second }) => `${first} and ${second} were open at once`),
  ].map((detail) => ({ invariant: "I3", detail }));
}

function repeated(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const key of keys) (seen.has(key) ? twice : seen).add(key);
  return [...twice];
}

const words = (press: Press): string => `the press at ${press.pillarId}, ${press.at},`;
