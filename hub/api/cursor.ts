/**
 * A place in the event stream, as a client keeps it and gives it back. What is inside is the hub's
 * own business: a client that reads it breaks when there is more than one journal behind a stream.
 */
import type { CellId, HubEpoch } from "../../shared/ids.ts";

/** One database of one cell: indexes of another mean nothing here. */
export interface JournalName {
  readonly cell: CellId;
  readonly hubEpoch: HubEpoch;
}

export const cursorOf = ({ cell, hubEpoch }: JournalName, index: number): string =>
  Buffer.from(`${cell} ${hubEpoch} ${index}`).toString("base64url");

/** The index in this journal; undefined for a cursor of another one, and for any other text. */
export function indexAt({ cell, hubEpoch }: JournalName, cursor: string): number | undefined {
  const text = Buffer.from(cursor, "base64url").toString();
  const index = Number(text.slice(text.lastIndexOf(" ") + 1));
  return text === `${cell} ${hubEpoch} ${index}` && Number.isSafeInteger(index) && index >= 0
    ? index
    : undefined;
}
