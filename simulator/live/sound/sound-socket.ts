/**
 * A Unix socket that stands for a sound card's connector: plugged in, pulled out, plugged in again.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";

export interface SoundSocket {
  readonly path: string;
  open(): Promise<void>;
  /** Ends every connection; the socket's file is gone. */
  close(): Promise<void>;
  isOpen(): boolean;
}

/** A pillar has one reader or writer; a second one is somebody's test. */
const MAX_CONNECTIONS = 4;

/** Linux refuses longer addresses with a misleading message (sun_path, unix(7)). */
const MAX_PATH_BYTES = 107;

export function newSoundSocket(path: string, onSocket: (socket: Socket) => void): SoundSocket {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(
      `expected a socket path of at most ${MAX_PATH_BYTES} bytes, found "${path}". ` +
        "Choose a data directory with a shorter name.",
    );
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // The peer died; the socket's close event follows and says the same.
    socket.on("error", () => socket.destroy());
    onSocket(socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  return {
    path,
    isOpen: () => server.listening,
    open() {
      if (server.listening) return Promise.resolve();
      rmSync(path, { force: true });
      return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(path, () => {
          server.off("error", reject);
          resolve();
        });
      });
    },
    close() {
      if (!server.listening) return Promise.resolve();
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}
