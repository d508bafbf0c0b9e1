/**
 * The MQTT topics of protocol version 1.
 *
 * A pillar publishes only under its own `up/` and subscribes only to its own `down/#`. The broker's
 * access control uses the parser here, so topics are read in one place only.
 */
import { PillarId } from "../ids.ts";
import { PROTOCOL_VERSION } from "./version.ts";

export const UP_CHANNELS = ["alarm", "heartbeat", "report", "signal"] as const;
export const DOWN_CHANNELS = ["accepted", "call", "command", "signal"] as const;
export type UpChannel = (typeof UP_CHANNELS)[number];
export type DownChannel = (typeof DOWN_CHANNELS)[number];

const ROOT = `anzhu/v${PROTOCOL_VERSION}`;

export const upTopic = (pillarId: PillarId, channel: UpChannel): string =>
  `${ROOT}/${pillarId}/up/${channel}`;
export const downTopic = (pillarId: PillarId, channel: DownChannel): string =>
  `${ROOT}/${pillarId}/down/${channel}`;
/** What a hub subscribes to at a broker that is not its own. */
export const EVERY_UP = `${ROOT}/+/up/#`;
/**
 * The hub sends messages to itself on this topic, to check that the broker delivers. `hubName` is
 * never a pillar's name.
 */
export const probeTopic = (hubName: string): string => `${ROOT}/${hubName}/up/probe`;
/** The one filter a pillar subscribes to. */
export const downFilter = (pillarId: PillarId): string => `${ROOT}/${pillarId}/down/#`;

export type Topic =
  | { readonly direction: "up"; readonly pillarId: PillarId; readonly channel: UpChannel }
  | { readonly direction: "down"; readonly pillarId: PillarId; readonly channel: DownChannel };

/** `undefined` for every string that is not exactly one of our topics. */
export function parseTopic(topic: string): Topic | undefined {
  const [root, version, pillar, direction, channel, ...rest] = topic.split("/", 6);
  if (`${root}/${version}` !== ROOT || rest.length > 0) return undefined;
  const pillarId = PillarId.safeParse(pillar);
  if (!pillarId.success) return undefined;
  const up = UP_CHANNELS.find((name) => name === channel);
  if (direction === "up" && up) return { direction, pillarId: pillarId.data, channel: up };
  const down = DOWN_CHANNELS.find((name) => name === channel);
  if (direction === "down" && down) return { direction, pillarId: pillarId.data, channel: down };
  return undefined;
}

/**
 * Under whose `up/` a topic lies, also one that this
 * version does not know: a newer pillar may use it.
 */
export function upOwner(topic: string): PillarId | undefined {
  const [root, version, pillar, direction, ...rest] = topic.split("/", 8);
  if (`${root}/${version}` !== ROOT || direction !== "up" || rest.length === 0) return undefined;
  const pillarId = PillarId.safeParse(pillar);
  return pillarId.success ? pillarId.data : undefined;
}

/** Quality of service per channel: only the heartbeat may be lost, the next one replaces it. */
export const qosOf = (channel: UpChannel | DownChannel): 0 | 1 => (channel === "heartbeat" ? 0 : 1);
