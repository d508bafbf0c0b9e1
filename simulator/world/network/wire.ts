/**
 * Messages on their way: most are handed over as they
 * are, a sampled share goes through the real bytes.
 *
 * Messages are immutable, so handing one over is the same as copying it. The sample keeps the
 * encoders and parsers in the loop: a message that the other side could not read stops the world.
 */
import { assert } from "../../../shared/assert.ts";
import { parseDown, parseUp } from "../../../shared/protocol/messages.ts";
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";

/** One heartbeat in so many, and one of anything else in so many, is written and read. */
const HEARTBEAT_SAMPLE = 512;
const OTHER_SAMPLE = 8;

export interface Wire {
  up(message: UpMessage): UpMessage;
  down(message: DownMessage): DownMessage;
}

export function newWire(): Wire {
  const encoder = new TextEncoder();
  let heartbeats = 0;
  let others = 0;
  return {
    up: (message) => {
      const isSampled =
        message.channel === "heartbeat"
          ? ++heartbeats % HEARTBEAT_SAMPLE === 0
          : ++others % OTHER_SAMPLE === 0;
      if (!isSampled) return message;
      const bytes = encoder.encode(JSON.stringify(message.message));
      const parsed = parseUp(message.channel, bytes);
      assert(
        parsed.ok,
        `a pillar's ${message.channel} cannot be read: ${parsed.ok || parsed.reason}`,
      );
      return parsed.value;
    },
    down: (message) => {
      if (++others % OTHER_SAMPLE !== 0) return message;
      const bytes = encoder.encode(JSON.stringify(message.message));
      const parsed = parseDown(message.channel, bytes);
      assert(
        parsed.ok,
        `the hub's ${message.channel} cannot be read: ${parsed.ok || parsed.reason}`,
      );
      return parsed.value;
    },
  };
}
