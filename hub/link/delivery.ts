/** One reading of what a pillar sent, whichever way it came: parsed, and bound to the sender. */
import { may, pillarOf } from "../../shared/access/may.ts";
import type { PillarId } from "../../shared/ids.ts";
import type { Parsed } from "../../shared/parse.ts";
import { parseUp, type UpMessage } from "../../shared/protocol/messages.ts";
import type { UpChannel } from "../../shared/protocol/topics.ts";

export interface Delivery {
  readonly pillarId: PillarId;
  readonly channel: UpChannel;
  readonly bytes: Uint8Array;
}

export function readDelivery(delivery: Delivery): Parsed<UpMessage> {
  const parsed = parseUp(delivery.channel, delivery.bytes);
  if (!parsed.ok) return parsed;
  return boundTo(delivery.pillarId, parsed.value);
}

/** A pillar may name only itself, also inside a message. */
export function boundTo(pillarId: PillarId, message: UpMessage): Parsed<UpMessage> {
  if (message.channel !== "alarm") return { ok: true, value: message };
  const { pillarId: found } = message.message.event;
  if (!may(pillarOf(pillarId), "pillars:report", { pillarId: found })) {
    return { ok: false, reason: `expected an alarm of ${pillarId}, found one of ${found}` };
  }
  return { ok: true, value: message };
}
