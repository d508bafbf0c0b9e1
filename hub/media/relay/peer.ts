/**
 * One WebRTC connection of the hub, which always answers.
 *
 * What the library gets wrong is corrected in `shared/webrtc/werift.ts`.
 */
import { RTCPeerConnection, type RTCDtlsTransport, type RTCRtpTransceiver } from "werift";
import {
  answerAsServer,
  correctReports,
  guarded as guardedCallback,
  hearPictureLoss,
  namedCodecs,
  prepareGathering,
  prepareKeys,
  widenReceiveBuffers,
} from "../../../shared/webrtc/werift.ts";
import { hostAddresses } from "../addresses.ts";
import type { MediaSettings } from "../ipc.ts";
import type { Log } from "../log.ts";

export type PeerState = "connected" | "lost";

export interface PeerEvents {
  onState(state: PeerState, reason: string): void;
  /** Before the answer is made: set the direction, subscribe to tracks. */
  onTransceiver(transceiver: RTCRtpTransceiver): void;
  /** The other side cannot decode its picture. */
  onPictureLost?(): void;
  /** The outgoing RTP timestamp of this instant, for sender reports. */
  timestampNow?(ssrc: number, at: number): number | undefined;
}

export interface Peer {
  readonly connection: RTCPeerConnection;
  /** Throws when the library refuses the offer. */
  answer(sdp: string): Promise<string>;
  close(): void;
}

/** A connection that is not made in this time will not be made. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** ICE may lose its path for this long; consent (RFC 7675) ends it otherwise after 30 s. */
export const DISCONNECT_GRACE_MS = 10_000;

/** A throw inside would tear the connection down: it goes to the log instead. */
export const guarded = <A extends unknown[]>(log: Log, run: (...args: A) => void) =>
  guardedCallback((error) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log("error", `bug in a media callback: ${text}`);
  }, run);

export function newPeer(settings: MediaSettings, log: Log, events: PeerEvents): Peer {
  const connection = newConnection(settings);
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (reason: string): void => {
    if (isClosed) return;
    close();
    events.onState("lost", reason);
  };
  const endAfter = (delayMs: number, reason: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => end(reason), delayMs);
  };
  const close = (): void => {
    isClosed = true;
    clearTimeout(timer);
    connection.close().catch((error: unknown) => log("warn", `closing a peer: ${String(error)}`));
  };

  connection.onRemoteTransceiverAdded.subscribe(
    guarded(log, (transceiver) => events.onTransceiver(transceiver)),
  );
  connection.connectionStateChange.subscribe(
    guarded(log, (state) => {
      if (isClosed) return;
      if (state === "connected") {
        clearTimeout(timer);
        connection.dtlsTransports.forEach(prepareKeys);
        events.onState("connected", "");
      } else if (state === "disconnected") {
        endAfter(DISCONNECT_GRACE_MS, `no path for ${DISCONNECT_GRACE_MS / 1000} s`);
      } else if (state === "failed" || state === "closed") end(`the connection ${state}`);
    }),
  );
  return {
    connection,
    async answer(sdp) {
      endAfter(CONNECT_TIMEOUT_MS, `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`);
      await connection.setRemoteDescription({ type: "offer", sdp });
      for (const transport of connection.dtlsTransports) {
        prepareGathering(transport, hostAddresses(settings));
        prepareTransport(transport, log, { ...events, onHangUp: () => end(HUNG_UP) });
      }
      await connection.setLocalDescription(await connection.createAnswer());
      for (const transport of connection.dtlsTransports) {
        widenReceiveBuffers(transport, RECEIVE_BUFFER_BYTES);
      }
      const local = connection.localDescription?.sdp ?? "";
      if (!local.includes("a=candidate:")) {
        throw new Error("no UDP port or address could be bound; see udpPorts and addresses");
      }
      return local;
    },
    close,
  };
}

const HUNG_UP = "the other side hung up";
/** A burst of a whole picture while this process is busy: the kernel's default holds 0.2 MB. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

const newConnection = ({ udpPorts }: MediaSettings): RTCPeerConnection =>
  new RTCPeerConnection({
    codecs: namedCodecs(),
    iceServers: [],
    bundlePolicy: "max-bundle",
    icePortRange: nextPorts(udpPorts),
  });

function prepareTransport(
  transport: RTCDtlsTransport,
  log: Log,
  events: PeerEvents & { onHangUp(): void },
): void {
  answerAsServer(transport);
  correctReports(transport, (ssrc, at) => events.timestampNow?.(ssrc, at));
  transport.onStateChange.subscribe(
    guarded(log, (state) => {
      if (state === "closed") events.onHangUp();
    }),
  );
  hearPictureLoss(
    transport,
    guarded(log, () => events.onPictureLost?.()),
  );
}

/** Each connection starts to look for ports where the one before stopped: binding is then quick. */
let portCursor = 0;
const PORTS_PER_PEER = 4;

function nextPorts([first, last]: readonly [number, number]): [number, number] {
  const usable = Math.max(1, last - first - 16);
  portCursor = (portCursor + PORTS_PER_PEER) % usable;
  return [first + portCursor, last];
}
