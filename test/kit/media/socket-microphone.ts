/** A microphone that is a Unix socket: it sends one tone, in real time, to whoever connects. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endlessWavHeader } from "../../../simulator/live/sound/sound.ts";
import { sine } from "./tone.ts";

const PIECE_MS = 10;
const SAMPLES_PER_MS = 48;

export interface SocketMicrophone {
  readonly path: string;
  /** 0 is silence. */
  sing(hz: number): void;
  close(): Promise<void>;
}

/** `at`: where to listen, instead of in a folder of its own. */
export async function openSocketMicrophone(hz: number, at?: string): Promise<SocketMicrophone> {
  const folder = mkdtempSync(join(tmpdir(), "anzhu-microphone-"));
  const path = at ?? join(folder, "microphone.sock");
  const listeners = new Set<Socket>();
  let tone = hz;
  let sungSamples = 0;
  const startedAt = performance.now();
  const server = createServer((socket) => {
    socket.write(endlessWavHeader());
    listeners.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => listeners.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  const singing = setInterval(() => {
    const due = Math.floor((performance.now() - startedAt) * SAMPLES_PER_MS) - sungSamples;
    const piece = sine(tone, { samples: due, from: sungSamples });
    sungSamples += due;
    for (const socket of listeners) socket.write(Buffer.from(piece.buffer));
  }, PIECE_MS);
  return {
    path,
    sing(next) {
      tone = next;
    },
    async close() {
      clearInterval(singing);
      for (const socket of listeners) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
