/**
 * I8: no pillar is looked at or listened to behind anybody's back.
 *
 * Its gate is open for a call, which its lamp says (I2 judges that lamp), or for a look, and then
 * its lamp says that. A look is in the journal by name before the gate opens for it, with a purpose
 * that allows what is open; and when it is over the gate is shut within the promised time, also
 * when the hub ends or its word is lost.
 */
import {
  isAnyOpen,
  OPENED_FOR,
  SHUT,
  type LookPurpose,
  type Opening,
} from "../../../shared/protocol/purpose.ts";
import { PROMISED_MS } from "../../../shared/promises.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";

interface Street {
  lamp: string;
  opening: Opening;
  /** By person and purpose: how many looks are open, and when the last one ended. */
  readonly looks: Map<LookPurpose, { open: number; endedAt: number }>;
}

const OF_CALL: ReadonlySet<string> = new Set(["received", "answered"]);

export function checkGates({ happenings, endedAt }: History): Violation[] {
  const streets = new Map<string, Street>();
  const told = new Set<string>();
  const violations: Violation[] = [];
  const judge = (at: number): void => {
    for (const [pillar, street] of streets) {
      const wrong = whatIsWrong(street, at);
      const detail = `${pillar} ${wrong}`;
      // Told once.
      if (wrong === undefined || told.has(detail)) continue;
      told.add(detail);
      violations.push({ invariant: "I8", at, detail, about: [pillar] });
    }
  };
  for (const one of happenings) {
    note(streets, one);
    if (isOfGate(one)) judge(one.at);
  }
  judge(endedAt);
  return violations;
}

/** Whenever something changes that matters, and so often that what is late is found. */
const isOfGate = ({ type }: Happening): boolean =>
  type === "gate" || type === "shown" || type === "durable" || type === "link";

function streetOf(streets: Map<string, Street>, pillar: string): Street {
  const known = streets.get(pillar);
  if (known) return known;
  const street: Street = { lamp: "off", opening: SHUT, looks: new Map() };
  streets.set(pillar, street);
  return street;
}

function note(streets: Map<string, Street>, one: Happening): void {
  switch (one.type) {
    case "shown":
      streetOf(streets, one.pillar).lamp = one.lamp;
      return;
    case "gate":
      streetOf(streets, one.pillar).opening = one.opening;
      return;
    case "pillar-down":
      Object.assign(streetOf(streets, one.pillar), { lamp: "off", opening: SHUT });
      return;
    case "durable":
      return noteFact(streets, one);
    case "hub-down":
      // Its media processes end with it, and every look in them.
      for (const { looks } of streets.values()) {
        for (const look of looks.values()) if (look.open > 0) over(look, one.at, look.open);
      }
      return;
    default:
      return;
  }
}

function noteFact(
  streets: Map<string, Street>,
  { at, fact }: Extract<Happening, { type: "durable" }>,
): void {
  if (fact.type !== "look-opened" && fact.type !== "look-closed") return;
  const { looks } = streetOf(streets, fact.pillarId);
  const look = looks.get(fact.purpose) ?? { open: 0, endedAt: -Infinity };
  looks.set(fact.purpose, look);
  if (fact.type === "look-opened") look.open += 1;
  else if (look.open > 0) over(look, at, 1);
}

function over(look: { open: number; endedAt: number }, at: number, count: number): void {
  look.open -= count;
  look.endedAt = at;
}

function whatIsWrong({ lamp, opening, looks }: Street, at: number): string | undefined {
  const { camera, microphone, speaker } = opening;
  if (!isAnyOpen(opening) || OF_CALL.has(lamp)) return undefined;
  if (lamp !== "watched") return `is open, and its lamp says "${lamp}"`;
  const allowed = [...looks].filter(
    ([, { open, endedAt }]) => open > 0 || at - endedAt <= PROMISED_MS.lookEnded,
  );
  const isFor = (part: keyof Opening): boolean =>
    allowed.some(([purpose]) => OPENED_FOR[purpose][part]);
  if (camera && !isFor("camera")) return "is looked at, and nobody is named for it";
  if (microphone && !isFor("microphone")) return "is listened to, and nobody is named for it";
  return speaker ? "plays a voice, and nobody has called" : undefined;
}
