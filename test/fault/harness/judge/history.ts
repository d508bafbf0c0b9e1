/**
 * What a fault test saw, moment by moment: presses, lamps, receipts, and at the end both databases.
 *
 * The one idea: the run only records, and one pure checker judges afterwards, so that no test can
 * forget a promise. `at` is the test machine's wall clock, which hub and agents share.
 */
import { appendFileSync } from "node:fs";
import type { PromptName } from "../../../../device/core/call/prompt.ts";
import type { DisplayPhase } from "../../../../device/core/state/shown.ts";
import type { JournalRow } from "../../../../hub/journal/chain.ts";
import type { LampName } from "../../../../simulator/live/board/board-registers.ts";

export interface LedgerRow {
  readonly seq: number;
  readonly event_id: string;
  /** The signed event as JSON. */
  readonly event: string;
  readonly hash: string;
  readonly accepted_by: string | null;
}

export type Entry =
  /** A press that counted. `eventId` where the test made the alarm. */
  | {
      readonly what: "press";
      readonly at: number;
      readonly pillarId: string;
      readonly eventId?: string;
    }
  | {
      readonly what: "lamp";
      readonly at: number;
      readonly pillarId: string;
      readonly lamp: LampName;
    }
  /** The agent's voice, by its log. */
  | {
      readonly what: "voice";
      readonly at: number;
      readonly pillarId: string;
      readonly prompt: PromptName;
    }
  /** The words on its screen, from the file that the screen reads. */
  | {
      readonly what: "screen";
      readonly at: number;
      readonly pillarId: string;
      readonly phase: DisplayPhase;
      readonly zh: string;
      readonly en: string;
    }
  /** The agent has started; it says nothing yet. */
  | { readonly what: "life"; readonly at: number; readonly pillarId: string }
  /** From here on this pillar is not watched. */
  | { readonly what: "unwatched"; readonly at: number; readonly pillarId: string }
  /** What the agent's log says of its link. */
  | {
      readonly what: "link";
      readonly at: number;
      readonly pillarId: string;
      readonly isUp: boolean;
    }
  /** A signed receipt arrived at a pillar. */
  | {
      readonly what: "receipt";
      readonly at: number;
      readonly pillarId: string;
      readonly eventId: string;
      readonly seq: number;
    }
  /** A console heard of an incident. */
  | {
      readonly what: "console";
      readonly at: number;
      readonly incidentId: string;
      readonly state: string;
      readonly owner: string | null;
    }
  | { readonly what: "hub"; readonly at: number; readonly state: "up" | "down" }
  /** Something is broken now, or has been mended; without a pillar: for all of them. */
  | {
      readonly what: "fault";
      readonly at: number;
      readonly detail: string;
      readonly pillarId?: string;
    }
  /**
   * The hub's clock was not the test's: no moment of the journal is compared with one of the test.
   */
  | { readonly what: "hub-clock-moved"; readonly at: number }
  | { readonly what: "journal"; readonly row: JournalRow }
  | { readonly what: "ledger"; readonly pillarId: string; readonly row: LedgerRow }
  | { readonly what: "end"; readonly at: number };

export interface History {
  record(entry: Entry): void;
  entries(): readonly Entry[];
}

/** More than any run here makes; past it the test is wrong, not the hub. */
const MAX_ENTRIES = 500_000;

/** Keeps entries in memory and, one a line, in a file a person can read afterwards. */
export function newHistory(file: string): History {
  const entries: Entry[] = [];
  return {
    entries: () => entries,
    record(entry) {
      if (entries.length >= MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} entries`);
      entries.push(entry);
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
    },
  };
}
