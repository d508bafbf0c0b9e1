/**
 * The HTTPS fallback: one signed alarm, one HTTPS request, one answer.
 *
 * It shares nothing with the MQTT link but the identity: its own sockets and a new connection each
 * time, so that a cause that stops MQTT need not stop this. A hub must prove the pinned authority;
 * our certificate is shown when it asks. Nothing is tried again here: the core decides that.
 */
import type { TLSSocket } from "node:tls";
import type { EventId, PillarId } from "../../../shared/ids.ts";
import { parseJson } from "../../../shared/parse.ts";
import { Accepted } from "../../../shared/protocol/accepted.ts";
import type { Alarm } from "../../../shared/protocol/alarm.ts";
import type { HttpsFallback } from "../../ports.ts";
import { Failure, reasonOf } from "../host/failure.ts";
import { ask, endOf, notFound, type Answer } from "./https-request.ts";
import type { Reach } from "./hub-address.ts";
import { pinnedTlsSocket } from "./pinned-tls-socket.ts";

/** For the handshake, and again from the request to the last byte of the answer. */
const REQUEST_MS = 5000;
/** Requests under way at once; the core asks for fewer. */
const MAX_UNDER_WAY = 8;

export interface HttpsSettings {
  readonly pillarId: PillarId;
  /** In the order in which they are asked. */
  readonly urls: readonly string[];
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  /** Of the agent; by the system's resolver alone when nothing is said. */
  readonly reach?: Reach;
  /** Another one only in tests. */
  readonly requestMs?: number;
}

export function httpsFallback(settings: HttpsSettings): HttpsFallback {
  const { pillarId, urls, reach = pinnedTlsSocket } = settings;
  const withinMs = settings.requestMs ?? REQUEST_MS;
  const sockets = new Set<TLSSocket>();
  const underWay = new Set<EventId>();
  const send = async (url: string, alarm: Alarm): Promise<Accepted | undefined> => {
    const target = new URL(`${url.replace(/\/+$/, "")}/api/v1/pillars/${pillarId}/alarms`);
    // Read each time: the certificate may have been renewed.
    const { tlsKey, tlsCert, ca } = settings;
    const peer = { ...endOf(target), tlsKey, tlsCert, ca, withinMs };
    const socket = await reach(peer).catch((error: unknown) => {
      throw notFound(target, reasonOf(error));
    });
    sockets.add(socket);
    const answer = await ask({ target, socket, withinMs, body: JSON.stringify(alarm) }).finally(
      () => {
        sockets.delete(socket);
        socket.destroy();
      },
    );
    return readAnswer(target, answer);
  };
  return {
    send: async (hub, alarm) => {
      const url = urls[hub];
      const { eventId } = alarm.event;
      if (url === undefined) throw new Failure("configuration", `there is no hub number ${hub}`);
      if (underWay.has(eventId)) throw new Failure("peer", "the last request is still under way");
      if (underWay.size >= MAX_UNDER_WAY) {
        throw new Failure("peer", `${MAX_UNDER_WAY} requests are under way already`);
      }
      underWay.add(eventId);
      try {
        return await send(url, alarm);
      } finally {
        underWay.delete(eventId);
      }
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    },
  };
}

function readAnswer({ host }: URL, { status, bytes }: Answer): Accepted | undefined {
  if (status === 202) return undefined;
  if (status !== 200) {
    const detail = bytes.toString("utf8").slice(0, 200);
    throw new Failure("peer", `${host} refused the alarm (${status}): ${detail}`);
  }
  const parsed = parseJson(Accepted, bytes);
  if (parsed.ok) return parsed.value;
  throw new Failure("peer", `${host} answered something that is no receipt: ${parsed.reason}`);
}

/** A pillar without the HTTPS fallback. */
export const noFallback: HttpsFallback = {
  send: () => Promise.reject(new Failure("configuration", "hub.alarmUrls is empty")),
  close: () => Promise.resolve(),
};
