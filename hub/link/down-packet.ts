/** A message to a pillar, as the packet that carries it. */
import type { Logger } from "pino";
import type { PillarId } from "../../shared/ids.ts";
import { MAX_MESSAGE_BYTES } from "../../shared/parse.ts";
import type { DownMessage } from "../../shared/protocol/messages.ts";
import { downTopic, qosOf } from "../../shared/protocol/topics.ts";

export interface DownPacket {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
}

/** `undefined`, and a line in the log, when it is larger than a pillar may be sent. */
export function downPacket(
  pillarId: PillarId,
  { channel, message }: DownMessage,
  log: Logger,
): DownPacket | undefined {
  const payload = Buffer.from(JSON.stringify(message));
  if (payload.byteLength > MAX_MESSAGE_BYTES) {
    log.error({ pillarId, channel, bytes: payload.byteLength }, "bug: a message down is too large");
    return undefined;
  }
  return { topic: downTopic(pillarId, channel), payload, qos: qosOf(channel) };
}
