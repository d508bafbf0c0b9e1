/**
 * A camera or a microphone: ffmpeg in a process of its own, its RTP packets received here.
 *
 * ffmpeg can stop sending without ending (a camera unplugged, a sound server asleep), so silence is
 * watched as closely as its end. Each capture has its own process, so a failure of one does not
 * touch the other.
 */
import { createSocket, type Socket } from "node:dgram";
import { performance } from "node:perf_hooks";
import type { FoundFfmpeg } from "../ffmpeg.ts";
import { parsePacket, type MediaPacket } from "./packet.ts";
import { keepRunning, type Program } from "../process.ts";
import type { MediaTiming } from "../timing.ts";

/** Room for a whole keyframe that arrives while we are busy; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
const WATCH_EVERY_MS = 250;

export interface CaptureOptions {
  /** Opens every complaint: a camera's id, or `microphone`. */
  readonly name: string;
  readonly payloadType: number;
  /** The source is a file whose end is its beginning. */
  readonly repeats: boolean;
  readonly timing: MediaTiming;
  readonly findFfmpeg: () => Promise<FoundFfmpeg>;
  readonly argumentsFor: (port: number) => readonly string[];
  readonly onPacket: (packet: MediaPacket, atMs: number) => void;
  /** Packets flow (again). */
  readonly onFlow: () => void;
  readonly onFailure: (detail: string, lacksFfmpeg: boolean) => void;
}

export interface Capture {
  stop(): void;
}

export function startCapture(options: CaptureOptions): Capture {
  const { name, timing } = options;
  const socket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_BUFFER_BYTES });
  let program: Program | undefined;
  let startedAt: number | undefined;
  let lastPacketAt: number | undefined;
  let isStopped = false;

  const command = async () => {
    const found = await options.findFfmpeg();
    if (!found.ok) throw new Error(`${name}: ${found.reason}`);
    return { file: found.path, args: options.argumentsFor(socket.address().port) };
  };

  socket.on("message", (bytes) => {
    const packet = parsePacket(bytes, options.payloadType);
    // Packets that an ended ffmpeg left in the socket are dropped.
    if (packet === undefined || startedAt === undefined) return;
    const now = performance.now();
    const isFirst = lastPacketAt === undefined;
    lastPacketAt = now;
    if (isFirst) options.onFlow();
    options.onPacket(packet, now);
  });

  const watch = setInterval(() => {
    if (startedAt === undefined) return;
    const now = performance.now();
    const limit = lastPacketAt === undefined ? timing.firstPacket : timing.silence;
    if (now - (lastPacketAt ?? startedAt) < limit) return;
    program?.restart(
      `${name}: no packet from ffmpeg for ${limit} ms: it was killed and starts anew`,
    );
  }, WATCH_EVERY_MS);

  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    clearInterval(watch);
    program?.stop();
    closeQuietly(socket);
  };

  socket.on("error", (error) => {
    options.onFailure(`${name}: no socket on loopback (${error.message})`, false);
  });
  socket.bind(0, "127.0.0.1", () => {
    if (isStopped) return;
    program = keepRunning({
      name,
      timing,
      command,
      hasInput: false,
      repeats: options.repeats,
      onStart: () => {
        startedAt = performance.now();
        lastPacketAt = undefined;
      },
      onEnd: () => {
        startedAt = undefined;
      },
      onFailure: options.onFailure,
    });
  });
  return { stop };
}

/** `close` throws when the socket never came up or is closed already, and both are what we want. */
function closeQuietly(socket: Socket): void {
  try {
    socket.close();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
