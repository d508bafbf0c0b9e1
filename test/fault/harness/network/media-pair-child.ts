/**
 * Both media processes in the network this program
 * was started in, with their signalling in between.
 *
 * Prints one line of JSON when they are connected, or when they are not within a minute. Run by
 * media-network.test.ts, in namespaces and under strace.
 */
import { mediaProcess } from "../../../../device/adapters/media/media-process.ts";
import { MediaConfig } from "../../../../device/config.ts";
import { createMediaProcess } from "../../../../hub/media/control/media-process.ts";
import { MediaId, type PillarId } from "../../../../shared/ids.ts";

const PATIENCE_MS = 60_000;
const pillarId = "pillar-1" as PillarId;
const refusals: string[] = [];

const hub = createMediaProcess({
  mediaId: MediaId.parse(1),
  settings: { udpPorts: [42_000, 42_099], addresses: [], offersLoopback: false, maxViewers: 1 },
  log: (level, text) => void (level === "error" && refusals.push(text)),
});
const none = { kind: "none" } as const;
const pillar = mediaProcess({
  media: MediaConfig.parse({ cameras: [], microphone: none, speaker: none }),
  warn: (text) => refusals.push(text),
});

const done = async (connectedMs: number | undefined, offered: string): Promise<void> => {
  process.stdout.write(`${JSON.stringify({ connectedMs, offered, refusals })}\n`);
  await Promise.all([pillar.close(), hub.close()]);
  process.exit(0);
};

let startedAt = 0;
let offered = "";
pillar.onMessage((message) => {
  if (message.type === "signal") {
    if (message.signal.type === "offer") offered = message.signal.sdp;
    hub.send({ type: "pillar-signal", pillarId, signal: message.signal });
  }
  if (message.type === "state" && message.peer === "connected") {
    void done(performance.now() - startedAt, offered);
  }
});
pillar.onRunning((isRunning) => {
  if (isRunning) begin();
});
hub.start((message) => {
  if (message.type === "ready") begin();
  if (message.type !== "pillar-signal") return;
  if (message.signal.type === "bye") refusals.push(message.signal.reason);
  pillar.send({ type: "signal", signal: message.signal });
});
setTimeout(() => void done(undefined, offered), PATIENCE_MS);

let parts = 0;
function begin(): void {
  parts += 1;
  if (parts !== 2) return;
  startedAt = performance.now();
  pillar.send({ type: "connect" });
}
