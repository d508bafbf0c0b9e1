/**
 * What happens to each message a pillar publishes, before the broker may acknowledge it.
 *
 * Three ends: taken in (PUBACK follows), nonsense (PUBACK follows too, because an unacknowledged message
 * would be sent again for ever, and no repetition makes it better), or the connection closes with no
 * PUBACK, and whatever mattered will be sent again.
 */
import type { PublishPacket } from "aedes";
import type { Logger } from "pino";
import type { EventId, PillarId } from "../../shared/ids.ts";
import { isOfNewerProtocol, type UpMessage } from "../../shared/protocol/messages.ts";
import type { PillarLinkEvents } from "../ports.ts";
import { mayPublish } from "./access.ts";
import { MAX_BAD_MESSAGES, MAX_WAITING, type Connection } from "./connection.ts";
import { readDelivery } from "./ingest.ts";
import { ALARM_RATE, OTHER_RATE, takeTurn } from "./rate.ts";
import type { SampledLog } from "./sampled-log.ts";

/** With an error the connection closes and there is no PUBACK. */
export type Done = (error?: Error | null) => void;

export interface Receiver {
  receive(connection: Connection, packet: PublishPacket, done: Done): void;
  refuse(connection: Connection, reason: string): void;
}

export interface ReceiverOptions {
  readonly events: PillarLinkEvents;
  readonly refused: SampledLog;
  readonly log: Logger;
}

type Lane = "alarm" | "other";

interface Desk extends ReceiverOptions {
  /** Kept beyond a connection, or reconnecting would empty the bucket. One pair per known pillar. */
  readonly turnsByPillar: Map<PillarId, { alarm: number; other: number }>;
}

export function createReceiver(options: ReceiverOptions): Receiver {
  const desk: Desk = { ...options, turnsByPillar: new Map() };
  return {
    receive: (connection, packet, done) => receive(desk, { connection, packet }, done),
    refuse: (connection, reason) => tell(desk, connection, reason),
  };
}

interface Arrival {
  readonly connection: Connection;
  readonly packet: PublishPacket;
}

function receive(desk: Desk, { connection, packet }: Arrival, done: Done): void {
  const { pillarId } = connection.peer;
  const allowed = mayPublish(pillarId, packet);
  if (!allowed.ok) {
    done(new Error(allowed.reason));
    return;
  }
  const lane: Lane = allowed.channel === "alarm" ? "alarm" : "other";
  const wait = takeLane(desk, connection, lane);
  if (wait.reason !== undefined) {
    done(new Error(wait.reason));
    return;
  }
  const { payload } = packet;
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const read = readDelivery({ pillarId, channel: allowed.channel, bytes });
  const handIn = (): void => {
    if (read.ok) take(desk, { connection, message: read.value }, done);
    else {
      const isHarmless = isOfNewerProtocol(bytes);
      const reason = `${packet.topic}: ${read.reason}`;
      nonsense(desk, { connection, reason, isHarmless }, done);
    }
  };
  if (wait.ms === 0) {
    handIn();
    return;
  }
  connection.waiting += 1;
  setTimeout(() => {
    connection.waiting -= 1;
    if (!connection.client.closed) handIn();
  }, wait.ms);
}

function takeLane(
  desk: Desk,
  connection: Connection,
  lane: Lane,
): { readonly ms: number; readonly reason?: string } {
  const { pillarId } = connection.peer;
  const turns = desk.turnsByPillar.get(pillarId) ?? { alarm: 0, other: 0 };
  desk.turnsByPillar.set(pillarId, turns);
  const rate = lane === "alarm" ? ALARM_RATE : OTHER_RATE;
  const turn = takeTurn(rate, turns[lane], performance.now());
  if (!turn.ok || connection.waiting >= MAX_WAITING) {
    const most = 1000 / rate.intervalMs;
    return { ms: 0, reason: `it sends more than ${most} ${lane} messages a second` };
  }
  turns[lane] = turn.nextAt;
  return { ms: turn.waitMs };
}

interface Taken {
  readonly connection: Connection;
  readonly message: UpMessage;
}

function take(desk: Desk, { connection, message }: Taken, done: Done): void {
  const { pillarId } = connection.peer;
  const taken = desk.events.onMessage(pillarId, message, "mqtt");
  if (message.channel === "alarm") {
    void acknowledge(desk, { connection, eventId: message.message.event.eventId, taken }, done);
    return;
  }
  taken.catch((error: unknown) =>
    desk.log.error(
      { pillarId, err: error },
      `a ${message.channel} of ${pillarId} was not taken in`,
    ),
  );
  done();
}

interface Pending {
  readonly connection: Connection;
  readonly eventId: EventId;
  readonly taken: Promise<void>;
}

async function acknowledge(desk: Desk, pending: Pending, done: Done): Promise<void> {
  const { connection, eventId } = pending;
  const { pillarId } = connection.peer;
  let failure: Error | undefined;
  try {
    await pending.taken;
  } catch (error) {
    failure = new Error("its alarm could not be committed", { cause: error });
    desk.log.error(
      { pillarId, eventId, err: error },
      `alarm ${eventId} of ${pillarId} could not be committed; it is not acknowledged`,
    );
  }
  if (!connection.client.closed) done(failure);
}

interface Nonsense {
  readonly connection: Connection;
  readonly reason: string;
  /** Of a newer protocol: it is dropped, and the pillar keeps its link for its alarms. */
  readonly isHarmless: boolean;
}

function nonsense(desk: Desk, { connection, reason, isHarmless }: Nonsense, done: Done): void {
  if (!isHarmless) connection.badMessages += 1;
  if (connection.badMessages >= MAX_BAD_MESSAGES) {
    done(new Error(`${MAX_BAD_MESSAGES} messages could not be read, the last: ${reason}`));
    return;
  }
  tell(desk, connection, `dropped a message: ${reason}`);
  done();
}

function tell(desk: Desk, connection: Connection, reason: string): void {
  const { pillarId, address } = connection.peer;
  desk.refused({
    cause: `${pillarId} ${reason}`,
    text: `pillar link: ${pillarId} at ${address}: ${reason}`,
    fields: { pillarId, peer: address },
  });
}
