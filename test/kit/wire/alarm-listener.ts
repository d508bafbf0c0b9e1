/**
 * A hub that can be reached by HTTPS alone, and a broker that takes connections and says nothing.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Authority } from "../../../hub/identity/ports.ts";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import { HubEpoch, HubRun, IncidentId } from "../../../shared/ids.ts";
import type { Accepted, Receipt } from "../../../shared/protocol/accepted.ts";
import { Alarm } from "../../../shared/protocol/alarm.ts";

export interface AlarmListener {
  readonly url: string;
  readonly alarms: Alarm[];
  /** Names in the certificates that were shown. */
  readonly shownBy: string[];
  readonly paths: (string | undefined)[];
  /** What to answer; nothing at all with `undefined`. */
  answer: (alarm: Alarm) => { status: number; body: string } | undefined;
  close(): Promise<void>;
}

export function receiptFrom(authority: Authority, { event }: Alarm): Accepted {
  const receipt: Receipt = {
    v: 1,
    eventId: event.eventId,
    pillarId: event.pillarId,
    seq: event.seq,
    incidentId: IncidentId.parse("1".repeat(32)),
    hubEpoch: HubEpoch.parse("e".repeat(32)),
    isOver: false,
    journalIndex: 1,
    hubRun: HubRun.parse("d".repeat(32)),
  };
  return { v: 1, receipt, sig: authority.sign(canonicalJson(receipt)) };
}

export async function alarmListener(authority: Authority): Promise<AlarmListener> {
  const { key, cert } = authority.server;
  const options = { key, cert, ca: authority.caCertificate, requestCert: true, noDelay: true };
  const server = createServer(options, (request, response) => {
    listener.shownBy.push(nameOf(request.socket as TLSSocket));
    listener.paths.push(request.url);
    // A pillar also asks here whether its certificate is to be renewed.
    if (request.url?.endsWith("/alarms")) void take(request, response);
    else response.writeHead(404).end("{}");
  });
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const alarm = Alarm.parse(JSON.parse(await body(request)));
    listener.alarms.push(alarm);
    const answer = listener.answer(alarm);
    if (answer) response.writeHead(answer.status).end(answer.body);
  };
  const listener: AlarmListener = {
    url: `https://127.0.0.1:${await listen(server)}`,
    alarms: [],
    shownBy: [],
    paths: [],
    answer: (alarm) => ({ status: 200, body: JSON.stringify(receiptFrom(authority, alarm)) }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
  return listener;
}

/** TLS is finished, bytes are taken, and no packet ever comes back. */
export async function silentBroker(
  authority: Authority,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<TLSSocket>();
  const server = createTlsServer({ ...authority.server, minVersion: "TLSv1.3" }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket)).resume();
  });
  return {
    port: await listen(server),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

const nameOf = (socket: TLSSocket): string => {
  const { subject } = socket.getPeerCertificate();
  return String(subject?.CN ?? "none");
};

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
