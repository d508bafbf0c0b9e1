/** The folded state as text, and back: a restart folds only the facts behind it. */
import { newState, PARTS } from "./parts.ts";
import type { HubSettings, HubState } from "./state/hub-state.ts";

/**
 * Raised whenever the fold changes its meaning: older
 * snapshots are then ignored and facts folded again.
 */
export const SNAPSHOT_VERSION = 9;

interface Snapshot {
  readonly version: number;
  /** By the part's name. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** What was folded, as text. The journal hashes it, so its inside is trusted when it comes back. */
export function writeSnapshot(state: HubState): string {
  const parts = Object.fromEntries(PARTS.map((part) => [part.name, part.save(state)]));
  return JSON.stringify({ version: SNAPSHOT_VERSION, parts } satisfies Snapshot);
}

/** `undefined` for a snapshot of another version: fold the facts instead. */
export function readSnapshot(settings: HubSettings, text: string): HubState | undefined {
  const snapshot = JSON.parse(text) as Snapshot;
  if (snapshot.version !== SNAPSHOT_VERSION) return undefined;
  const state = newState(settings);
  for (const part of PARTS) part.load(state, snapshot.parts[part.name] as never);
  return state;
}
