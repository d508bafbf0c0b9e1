/**
 * What happens to each message a pillar publishes, before the broker may acknowledge it.
 *
 * Three outcomes: it is taken in, and the PUBACK follows; it is unreadable, and the PUBACK follows
 * too, because an unacknowledged message would be sent again for ever; or the connection closes
 * without a PUBACK, and what mattered is sent again.
 */
import type { PublishPacket } from "aedes";
import type { EventId, PillarId } from "../../shared/ids.ts";
import { isOfNewerProtocol, type UpMessage } from "../../shared/protocol/messages.ts";
import type { AlarmAnswer, PillarLinkEvents } from "../ports.ts";
import { mayPublish } from "./embedded/topic-access.ts";
import { MAX_BAD_MESSAGES, MAX_WAITING } from "./embedded/connection.ts";
import { readDelivery } from "./delivery.ts";
import type { Peer } from "./entrance/peer-identity.ts";
import { takeTurn } from "../core/time/rate.ts";
import { ALARM_RATE, OTHER_RATE } from "./rate.ts";
import type { SampledKind, SampledLog } from "./sampled-log.ts";

/** An error: it was not taken in. Our own broker then closes the connection without a PUBACK. */
export type Done = (error?: Error | null) => void;

/** Whose message it is: a pillar's own connection, or a pillar somewhere behind another broker. */
export interface Sender {
  /** Messages whose turn has not come. */
  waiting: number;
  badMessages: number;
  readonly peer: Pick<Peer, "pillarId" | "address">;
  readonly client: { readonly closed: boolean };
}

export type Published = Pick<PublishPacket, "topic" | "qos" | "retain" | "payload">;

export interface Receiver {
  /** Returns how long the message has to wait for its turn, ms. */
  receive(sender: Sender, packet: Published, done: Done): number;
  /** Of what it wished to subscribe to. */
  refuse(sender: Sender, reason: string): void;
}

export interface ReceiverOptions {
  readonly events: PillarLinkEvents;
  readonly refused: SampledLog;
}

type RateClass = "alarm" | "other";

interface Reception extends ReceiverOptions {
  /**
   * Kept beyond a connection, or reconnecting would empty the bucket. One pair per known pillar.
   */
  readonly turnsByPillar: Map<PillarId, { alarm: number; other: number }>;
}

export function createReceiver(options: ReceiverOptions): Receiver {
  const reception: Reception = { ...options, turnsByPillar: new Map() };
  return {
    receive: (sender, packet, done) => receive(reception, { sender, packet }, done),
    refuse: (sender, reason) => tell(reception, sender, { kind: "subscription", reason }),
  };
}

interface Arrival {
  readonly sender: Sender;
  readonly packet: Published;
}

function receive(reception: Reception, { sender, packet }: Arrival, done: Done): number {
  const { pillarId } = sender.peer;
  const allowed = mayPublish(pillarId, packet);
  if (!allowed.ok) {
    done(new Error(allowed.reason));
    return 0;
  }
  const rateClass: RateClass = allowed.channel === "alarm" ? "alarm" : "other";
  const wait = takeTurnOf(reception, sender, rateClass);
  if (wait.reason !== undefined) {
    done(new Error(wait.reason));
    return 0;
  }
  const { payload } = packet;
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const { channel } = allowed;
  const read = channel === "unknown" ? UNKNOWN : readDelivery({ pillarId, channel, bytes });
  const handIn = (): void => {
    if (read === UNKNOWN) ignore(reception, { sender, packet }, done);
    else if (read.ok) take(reception, { sender, message: read.value }, done);
    else {
      const isHarmless = isOfNewerProtocol(bytes);
      const reason = `${packet.topic}: ${read.reason}`;
      nonsense(reception, { sender, reason, isHarmless }, done);
    }
  };
  if (wait.ms === 0) {
    handIn();
    return 0;
  }
  sender.waiting += 1;
  setTimeout(() => {
    sender.waiting -= 1;
    if (!sender.client.closed) handIn();
  }, wait.ms);
  return wait.ms;
}

const UNKNOWN = "unknown";

function ignore(reception: Reception, { sender, packet }: Arrival, done: Done): void {
  const topic = JSON.stringify(packet.topic.slice(0, 80));
  const reason = `ignored a message on ${topic}: this version of the hub knows no such topic`;
  tell(reception, sender, { kind: "unknown-topic", reason });
  done();
}

function takeTurnOf(
  reception: Reception,
  sender: Sender,
  rateClass: RateClass,
): { readonly ms: number; readonly reason?: string } {
  const { pillarId } = sender.peer;
  const turns = reception.turnsByPillar.get(pillarId) ?? { alarm: 0, other: 0 };
  reception.turnsByPillar.set(pillarId, turns);
  const rate = rateClass === "alarm" ? ALARM_RATE : OTHER_RATE;
  const turn = takeTurn(rate, turns[rateClass], performance.now());
  if (!turn.ok || sender.waiting >= MAX_WAITING) {
    const most = 1000 / rate.intervalMs;
    return { ms: 0, reason: `it sends more than ${most} ${rateClass} messages a second` };
  }
  turns[rateClass] = turn.nextAt;
  return { ms: turn.waitMs };
}

interface Taken {
  readonly sender: Sender;
  readonly message: UpMessage;
}

function take(reception: Reception, { sender, message }: Taken, done: Done): void {
  const { pillarId } = sender.peer;
  const taken = reception.events.onMessage(pillarId, message, "mqtt");
  if (message.channel === "alarm") {
    const { eventId } = message.message.event;
    acknowledge(reception, { sender, eventId, taken }, done).catch((error: unknown) =>
      reception.refused({
        ...{ kind: "not-taken", cause: "acknowledge", level: "error", sender: { pillarId } },
        text: `alarm ${eventId} could not be acknowledged`,
        fields: { pillarId, eventId, err: error },
      }),
    );
    return;
  }
  taken.catch((error: unknown) =>
    reception.refused({
      ...{ kind: "not-taken", level: "error", sender: { pillarId } },
      text: `a ${message.channel} of ${pillarId} was not taken in`,
      fields: { pillarId, err: error },
    }),
  );
  done();
}

interface Pending {
  readonly sender: Sender;
  readonly eventId: EventId;
  readonly taken: Promise<AlarmAnswer | undefined>;
}

/**
 * Whatever became of the alarm: without a PUBACK it would come again for ever. Only one that could
 * not be committed is to come again.
 */
async function acknowledge(reception: Reception, pending: Pending, done: Done): Promise<void> {
  const { sender, eventId } = pending;
  const { pillarId } = sender.peer;
  let failure: Error | undefined;
  try {
    await pending.taken;
  } catch (error) {
    failure = new Error("its alarm could not be committed", { cause: error });
    reception.refused({
      ...{ kind: "not-taken", cause: "alarm", level: "error", sender: { pillarId } },
      text: `alarm ${eventId} of ${pillarId} could not be committed; it is not acknowledged`,
      fields: { pillarId, eventId, err: error },
    });
  }
  if (!sender.client.closed) done(failure);
}

interface Nonsense {
  readonly sender: Sender;
  readonly reason: string;
  /** Of a newer protocol: it is dropped, and the pillar keeps its link for its alarms. */
  readonly isHarmless: boolean;
}

function nonsense(
  reception: Reception,
  { sender, reason, isHarmless }: Nonsense,
  done: Done,
): void {
  if (!isHarmless) sender.badMessages += 1;
  if (sender.badMessages >= MAX_BAD_MESSAGES) {
    done(new Error(`${MAX_BAD_MESSAGES} messages could not be read, the last: ${reason}`));
    return;
  }
  tell(reception, sender, { kind: "message", reason: `dropped a message: ${reason}` });
  done();
}

interface Told {
  readonly kind: SampledKind;
  readonly reason: string;
}

function tell(reception: Reception, sender: Sender, { kind, reason }: Told): void {
  const { pillarId, address } = sender.peer;
  reception.refused({
    kind,
    sender: { pillarId },
    text: `pillar link: ${pillarId} at ${address}: ${reason}`,
    fields: { pillarId, peer: address },
  });
}
