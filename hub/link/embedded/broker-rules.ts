/**
 * The broker with our rules: its hooks ask them, and its routing is switched off.
 *
 * Everything aedes permits by default is refused here unless `access.ts` names it.
 */
import { Aedes, type AedesOptions } from "aedes";
import type { EventEmitter } from "node:events";
import type { PillarId } from "../../../shared/ids.ts";
import { parseTopic } from "../../../shared/protocol/topics.ts";
import { KEEP_ALIVE_LIMIT_SECONDS } from "../../../shared/protocol/connection.ts";
import { CONNACK, whyNotConnect, whyNotSubscribe } from "./topic-access.ts";
import type { Connections } from "./connections.ts";
import type { Receiver } from "../receiver.ts";

const CONNECT_TIMEOUT_MS = 5000;
/**
 * A pillar that does not read for so long is disconnected;
 * it connects again and is told everything.
 */
const DRAIN_TIMEOUT_MS = 5000;

export interface BrokerRules {
  readonly connections: Connections;
  readonly receiver: Receiver;
  /** Whether the certificate with this serial is admitted, or why not. */
  readonly knownPillars: (pillarId: PillarId, serial: string) => boolean | string;
  readonly onBrokerError: (error: Error) => void;
}

export async function createRuledBroker(rules: BrokerRules): Promise<Aedes> {
  const aedes = new Aedes({
    connectTimeout: CONNECT_TIMEOUT_MS,
    drainTimeout: DRAIN_TIMEOUT_MS,
    keepaliveLimit: KEEP_ALIVE_LIMIT_SECONDS,
    // Only the broker's own messages use its emitter; pillars' messages never do.
    concurrency: 1,
    maxTopicLevels: 8,
    preConnect: (client, packet, done) => {
      const connection = rules.connections.of(client);
      connection.refusal = whyNotConnect(connection.peer.pillarId, packet);
      // Refused with the CONNACK, which carries the reason; closing here would not give one.
      done(null, true);
    },
    authenticate: authenticateBy(rules),
    authorizePublish: (client, packet, done) => {
      if (!client) return done(new Error("the hub itself publishes to no topic"));
      const connection = rules.connections.of(client);
      if (!connection.isLeaving) rules.receiver.receive(connection, packet, done);
    },
    authorizeSubscribe: (client, subscription, done) => {
      const connection = rules.connections.of(client);
      const reason = whyNotSubscribe(connection.peer.pillarId, subscription);
      if (reason) rules.receiver.refuse(connection, reason);
      done(null, reason ? null : subscription);
    },
    authorizeForward: (client, packet) => {
      const topic = parseTopic(packet.topic);
      const { pillarId } = rules.connections.of(client).peer;
      return topic?.direction === "down" && topic.pillarId === pillarId ? packet : null;
    },
  });
  switchOffRouting(aedes);
  // Without a listener an error of the broker itself would end the process.
  (aedes as EventEmitter).on("error", (error: Error) => rules.onBrokerError(error));
  await aedes.listen();
  return aedes;
}

function authenticateBy(rules: BrokerRules): NonNullable<AedesOptions["authenticate"]> {
  // The certificate is the identity here: user names and passwords are not looked at.
  return (...[client, , , done]) => {
    const connection = rules.connections.of(client);
    const { pillarId, serial } = connection.peer;
    const refusal = connection.refusal ?? whyUnknown(rules.knownPillars(pillarId, serial));
    if (refusal) done(Object.assign(new Error(refusal.reason), refusal), false);
    else {
      // The broker closes the older one next, and tells of its end like of any other.
      connection.hasTakenOver = rules.connections.find(pillarId) !== undefined;
      done(null, true);
    }
  };
}

function whyUnknown(known: boolean | string): { returnCode: 5; reason: string } | undefined {
  if (known === true) return undefined;
  const reason = known === false ? "this hub knows no such pillar" : known;
  return { returnCode: CONNACK.notAuthorised, reason };
}

/**
 * A message that `authorizePublish` let pass has arrived. Routing it as well would look up
 * subscriptions and wake an emitter that nobody listens to; and what is not routed cannot reach a
 * neighbour.
 */
function switchOffRouting(aedes: Aedes): void {
  aedes.publish = ((...args: unknown[]) => {
    const done = args.at(-1);
    if (typeof done === "function") (done as () => void)();
  }) as Aedes["publish"];
}
