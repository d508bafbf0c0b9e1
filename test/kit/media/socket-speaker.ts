/**
 * A loudspeaker that is a Unix socket: it keeps what is played to it, with the moment of arrival.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { samplesOf } from "./tone.ts";

/** Ten minutes of sound. */
const MAX_BYTES = 60 * 1024 * 1024;

export interface SocketSpeaker {
  readonly path: string;
  /** Everything played so far. */
  heard(): Int16Array;
  heardBytes(): number;
  /** When the first sound came after `forget` (performance.now), if any. */
  firstAt(): number | undefined;
  forget(): void;
  /** Hangs up on the player, and answers again. */
  drop(): void;
  close(): Promise<void>;
}

/** `path`: where to listen, instead of in a folder of its own. */
export async function openSocketSpeaker(path?: string): Promise<SocketSpeaker> {
  const folder = mkdtempSync(join(tmpdir(), "anzhu-speaker-"));
  const at = path ?? join(folder, "speaker.sock");
  const connections = new Set<Socket>();
  let pieces: Buffer[] = [];
  let bytes = 0;
  let firstAt: number | undefined;
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("data", (piece) => {
      firstAt ??= performance.now();
      bytes += piece.length;
      if (bytes <= MAX_BYTES) pieces.push(piece);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, resolve);
  });
  const drop = (): void => {
    for (const socket of connections) socket.destroy();
  };
  return {
    path: at,
    heard: () => samplesOf(Buffer.concat(pieces)),
    heardBytes: () => bytes,
    firstAt: () => firstAt,
    forget() {
      pieces = [];
      bytes = 0;
      firstAt = undefined;
    },
    drop,
    async close() {
      drop();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
