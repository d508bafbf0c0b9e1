/** The state made again from the journal: at a start, and after a commit that failed. */
import type { Fact } from "./facts.ts";
import { hearRefolded } from "./hear.ts";
import { evolve } from "./hub.ts";
import { readSnapshot } from "./snapshot.ts";
import type { Heard } from "./state/heard-state.ts";
import type { HubSettings, HubState } from "./state/hub-state.ts";
import { newState } from "./parts.ts";

/** What a journal is read into: its latest snapshot, or none, and every fact after it. */
export interface JournalFold {
  /** `false`: not of this release; the facts before it are folded instead. */
  snapshot(body: string, index: number): boolean;
  fact(fact: Fact, index: number): void;
}

export interface Refolded {
  readonly state: HubState;
  /** Index of the snapshot that it began with; 0: none. */
  readonly snapshotAt: number;
}

/** A state while a journal is read into it. */
export interface Folding {
  readonly fold: JournalFold;
  /** `heard`: no journal has it, so it goes on. */
  end(heard: Heard): Refolded;
}

export function beginFold(settings: HubSettings): Folding {
  let folded: Refolded = { state: newState(settings), snapshotAt: 0 };
  return {
    fold: {
      snapshot: (body, index) => {
        const state = readSnapshot(settings, body);
        if (state) folded = { state, snapshotAt: index };
        return state !== undefined;
      },
      fact: (fact, index) => evolve(folded.state, fact, index),
    },
    end: (heard) => {
      hearRefolded(heard);
      return { ...folded, state: { ...folded.state, heard } };
    },
  };
}
