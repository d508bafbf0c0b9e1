/**
 * What the parts of the world share, and what each of them can be told and asked by the others.
 *
 * A part takes from here what it uses, in an interface
 * of its own beside it; only `world.ts` has all parts.
 */
import type { Fact } from "../../hub/core/facts.ts";
import type { ViewWish } from "../../hub/core/view/view-events.ts";
import type { IncidentId, MediaSessionId, PillarId, SessionNonce } from "../../shared/ids.ts";
import type { FaultCode } from "../../shared/protocol/heartbeat.ts";
import type { Report } from "../../shared/protocol/report.ts";
import type { Medium, Words } from "./checkers/words/words.ts";
import type { Profile } from "./faults/profile.ts";
import type { Rules } from "./rules.ts";
import type { Coverage } from "./run/coverage.ts";
import type { Happening } from "./run/happening.ts";
import type { Trace } from "./run/trace.ts";
import type { Scheduler } from "./scheduler.ts";
import type { WorldSettings } from "./settings.ts";

/** Time, the seed's profile, and where each part tells what happened. */
export interface WorldBase {
  readonly settings: WorldSettings;
  readonly profile: Profile;
  readonly rules: Rules;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly coverage: Coverage;
  note(actor: string, what: string, detail: string): void;
  happened(happening: Happening): void;
}

export interface Faults {
  /** Called before every effect: the place where power may fail. */
  atEffect(who: "pillar" | "hub", index: number): void;
  /** Plans everything up to `until`. */
  begin(until: number): void;
  heal(): void;
  /** Effects performed until the heal, by pillars and hub. */
  effects(): number;
}

export interface People {
  begin(until: number): void;
  /** Somebody comes to a pillar soon. */
  hurry(inMs: number, pillar?: number): void;
  vanish(forMs: number): void;
  /** Everybody is back and does the work. */
  return(): void;
  factsBecame(facts: readonly Fact[]): void;
  /** Every console that is still there opens its stream anew. */
  hubStarted(): void;
  /** Since when the owner of an incident has no console, the world's time; never: now or later. */
  goneSince(username: string): number;
  presses(): number;
}

export interface Watch {
  /** After each tick of the hub. */
  look(): void;
  /** Told before they are durable. */
  decided(facts: readonly Fact[]): void;
  durable(facts: readonly Fact[], first: number): void;
  /** Whether the hub may still show this fault, although it is over. */
  mayLinger(pillar: PillarId, code: FaultCode): boolean;
  /** This pillar shows or says something else now. */
  words(pillar: number, words: Partial<Record<Medium, Words>>): void;
  /** The hub heard something of this pillar that counts. */
  heardFrom(pillar: number): void;
  /** The hub heard a heartbeat of this pillar. */
  heardBeat(pillar: number, nonce: SessionNonce): void;
  hubBegan(isLive: boolean): void;
  hubClockStepped(ms: number): void;
  /** An older copy of the journal was put back. */
  hubRestored(kept: number): void;
}

export interface Viewers {
  begin(until: number): void;
  heal(): void;
  factsBecame(facts: readonly Fact[]): void;
  hubBegan(): void;
}

/** What a console hears of its offer. */
export type OfferTold = (id: MediaSessionId, isGiven: boolean) => void;

export interface HubViews {
  ask(wish: ViewWish, told: OfferTold): void;
  /** The console ends it. */
  close(id: MediaSessionId): void;
  /** The console is gone without a word; the media process finds out. */
  vanish(id: MediaSessionId): void;
  endOf(signInId: string): void;
  end(incidentId: IncidentId, who: "all" | "talkers"): void;
  /** Sign-in sessions that watch or talk, as the hub sees it. */
  viewers(): ReadonlySet<string>;
  /** A pillar's call began, or its identity ended. */
  reviewOf(pillarId: PillarId): void;
  /** A pillar tells what became of a command. */
  heard(pillarId: PillarId, report: Report): void;
  /** The fold was made again. */
  review(): void;
  journalFailed(): void;
  hubBegan(): void;
  hubEnded(): void;
  killMedia(): void;
}

/** How a program ends. */
export type Ending = "killed" | "power-cut";
