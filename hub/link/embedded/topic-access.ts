/**
 * What a pillar may do on the broker: everything not named here is refused.
 *
 * Identity comes from the certificate alone; names inside packets are only compared with it.
 */
import { may, pillarOf } from "../../../shared/access/may.ts";
import type { PillarId } from "../../../shared/ids.ts";
import {
  DOWN_CHANNELS,
  downFilter,
  downTopic,
  parseTopic,
  upOwner,
} from "../../../shared/protocol/topics.ts";
import type { UpChannel } from "../../../shared/protocol/topics.ts";

/** MQTT 3.1.1 table 3.1, as far as we use it. */
export const CONNACK = { identifierRejected: 2, unavailable: 3, notAuthorised: 5 } as const;

export interface ConnectRequest {
  readonly clientId: string;
  readonly clean?: boolean | undefined;
  readonly will?: unknown;
}

export interface Refusal {
  readonly returnCode: 2 | 3 | 5;
  readonly reason: string;
}

export function whyNotConnect(pillarId: PillarId, request: ConnectRequest): Refusal | undefined {
  if (request.clientId !== pillarId) {
    return {
      returnCode: CONNACK.identifierRejected,
      reason: `expected client id ${pillarId} as in the certificate, found ${quote(request.clientId)}`,
    };
  }
  if (request.will)
    return notAuthorised("expected no will, found one: presence is from heartbeats");
  if (!request.clean) return notAuthorised("expected a clean session, found a persistent one");
  return undefined;
}

export interface PublishRequest {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
}

export type MayPublish =
  /** `unknown`: its own topic, and none of this version. A newer pillar keeps its link. */
  | { readonly ok: true; readonly channel: UpChannel | "unknown" }
  | { readonly ok: false; readonly reason: string };

export function mayPublish(pillarId: PillarId, request: PublishRequest): MayPublish {
  if (!may(pillarOf(pillarId), "pillars:report", { pillarId: upOwner(request.topic) })) {
    return refuse(`may publish only under its own up/, found topic ${quote(request.topic)}`);
  }
  if (request.qos > 1) return refuse(`may publish with QoS 0 or 1, found ${request.qos}`);
  if (request.retain) return refuse("may not publish retained messages");
  const topic = parseTopic(request.topic);
  return { ok: true, channel: topic?.direction === "up" ? topic.channel : "unknown" };
}

/** Why a subscription is refused; `undefined` when it is granted. */
export function whyNotSubscribe(
  pillarId: PillarId,
  request: { readonly topic: string; readonly qos: number },
): string | undefined {
  const own = [downFilter(pillarId), ...DOWN_CHANNELS.map((name) => downTopic(pillarId, name))];
  if (!own.includes(request.topic)) {
    return `may subscribe only to its own down/#, found ${quote(request.topic)}`;
  }
  return request.qos > 1 ? `may subscribe with QoS 0 or 1, found ${request.qos}` : undefined;
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 80));

function notAuthorised(reason: string): Refusal {
  return { returnCode: CONNACK.notAuthorised, reason };
}

function refuse(reason: string): MayPublish {
  return { ok: false, reason };
}
