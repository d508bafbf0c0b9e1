/** What a row of the queue says of its incident: who has it, or who is called next and when. */
import type { Incident } from "../../../../shared/api/incident.ts";
import type { TextKey } from "../../i18n/index.ts";

export interface RowStatus {
  readonly key: TextKey;
  readonly values?: Readonly<Record<string, string | number>>;
}

export interface Onlooker {
  /** Account name of whoever sits here. */
  readonly me: string | undefined;
  /** The incident whose voice was hung up here and that is not closed yet. */
  readonly hungUpId: string | undefined;
  /** Until the next step of the escalation; null when none is due. */
  readonly leftMs: number | null;
}

/** `undefined`: there is nothing to say. */
export function rowStatus(
  incident: Incident,
  { me, hungUpId, leftMs }: Onlooker,
): RowStatus | undefined {
  const { state, owner, escalation } = incident;
  const isMine = owner === me;
  const values = { name: incident.ownerName ?? owner ?? "" };
  if (hungUpId === incident.id) return { key: "queue.hungUp" };
  if (state === "answered") {
    if (incident.isHeld) return { key: "queue.held" };
    return isMine ? { key: "queue.byMe" } : { key: "queue.byOther", values };
  }
  if (state === "acknowledged") {
    return isMine ? { key: "queue.seenByMe" } : { key: "queue.seenBy", values };
  }
  if (owner !== null && !isMine) return { key: "queue.handedTo", values };
  if (leftMs === null) return undefined;
  if (escalation !== "none") return { key: `queue.level.${escalation}` };
  if (leftMs <= 0) return { key: "queue.escalated" };
  return { key: "queue.leftUntil", values: { seconds: Math.ceil(leftMs / 1000) } };
}
