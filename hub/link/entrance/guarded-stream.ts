/**
 * The stream a broker or its client reads instead of
 * the socket: the same bytes, after the length guard.
 *
 * Back-pressure passes through in both directions, so
 * what is held here is at most one buffer each way.
 */
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { inspect, type Framing, type LinkPhase } from "./length-guard.ts";

const BUFFER_BYTES = 16 * 1024;
/** How long a closing connection may take to flush its last words. */
const FLUSH_MS = 2000;

export interface GuardedStream {
  readonly stream: Duplex;
  /** The CONNECT was accepted: packets may now have their full size. */
  connected(): void;
}

/** `first`: what the other end may say, `FIRST_BYTE` of a pillar or of a broker. */
export function guardStream(
  socket: TLSSocket,
  first: Framing,
  onRefused: (reason: string) => void,
): GuardedStream {
  let framing = first;
  let phase: LinkPhase = "connecting";
  const stream = new Duplex({
    highWaterMark: BUFFER_BYTES,
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    // One record per packet: the broker writes a packet in several small pieces.
    writev: (pieces, done) =>
      void socket.write(Buffer.concat(pieces.map((piece) => piece.chunk as Buffer)), done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      closeAfterFlush(socket);
      done(error);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    if (stream.destroyed) return;
    const verdict = inspect(framing, chunk, phase);
    if (!verdict.ok) {
      onRefused(verdict.reason);
      socket.destroy();
      stream.destroy();
      return;
    }
    framing = verdict.framing;
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => stream.destroy(error));
  socket.on("close", () => stream.destroy());
  return { stream, connected: () => void (phase = "connected") };
}

/** The CONNACK with the reason of a refusal must be sent before the socket is closed. */
function closeAfterFlush(socket: TLSSocket): void {
  if (socket.destroyed) return;
  socket.resume();
  socket.destroySoon();
  const timer = setTimeout(() => socket.destroy(), FLUSH_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}
