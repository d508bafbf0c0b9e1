/**
 * The speaker: a player process (PulseAudio, ALSA), a Unix socket, or a file.
 *
 * Sound on its way is counted by the clock: what was handed over, less the time that has passed. A
 * sound card that is slower than the clock would still fall behind, unseen, in the pipe. So a
 * player gets its sound in pieces of a millisecond, of which Linux lets only about 170 wait; when
 * they do, the player is started again, because it would never catch up.
 */
import { createWriteStream, statSync } from "node:fs";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { Writable } from "node:stream";
import { fullJitter } from "../../../shared/backoff.ts";
import type { MediaConfig } from "../../config.ts";
import { FRAME_BYTES, FRAME_MS, durationMs } from "./pcm.ts";
import type { Sink } from "./playback.ts";
import { keepRunning, type Command } from "../process.ts";
import type { MediaTiming } from "../timing.ts";

/** A minute of 48 kHz is 5.8 MB; a file is for looking at what was played, not for keeping it. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** What may wait in here for a player that has stopped reading: 60 ms. */
const MAX_UNREAD_BYTES = 3 * FRAME_BYTES;
/** 1 ms: the kernel counts some 750 bytes for a piece this small, and 208 KiB are the limit. */
const PIECE_BYTES = FRAME_BYTES / FRAME_MS;
/** A player that has lived this long has its sound card. */
const SETTLED_MS = 500;

export interface PlayerOptions {
  readonly speaker: MediaConfig["speaker"];
  readonly timing: MediaTiming;
  readonly onReady: () => void;
  readonly onFailure: (detail: string) => void;
}

export interface Player extends Sink {
  stop(): void;
}

interface Outlet {
  stop(): void;
}

/** Where sound goes now, if anywhere. */
interface Way {
  readonly stream: Writable;
  /** Called when the kernel takes no more; absent where the other end reads as fast as it can. */
  readonly onFull?: () => void;
}

type Use = (way: Way | undefined) => void;

export function startPlayer(options: PlayerOptions): Player {
  let way: Way | undefined;
  let heardUntil = 0;
  const outlet = startOutlet(options, (next) => {
    way = next;
    heardUntil = 0;
  });
  return {
    outstandingMs: () => Math.max(0, heardUntil - performance.now()),
    write(pcm) {
      if (way === undefined || !way.stream.writable) return false;
      if (way.stream.writableLength + pcm.length > MAX_UNREAD_BYTES) return false;
      hand(pcm, way);
      heardUntil = Math.max(heardUntil, performance.now()) + durationMs(pcm);
      return true;
    },
    stop: () => outlet.stop(),
  };
}

function hand(pcm: Uint8Array, { stream, onFull }: Way): void {
  const size = onFull === undefined ? pcm.length : PIECE_BYTES;
  for (let at = 0; at < pcm.length; at += size) stream.write(pcm.subarray(at, at + size));
  if (stream.writableLength > 0) onFull?.();
}

function startOutlet(options: PlayerOptions, use: Use): Outlet {
  const { speaker } = options;
  switch (speaker.kind) {
    case "none":
      return { stop: () => undefined };
    case "file":
      return openFile(speaker.path, options, use);
    case "socket":
      return openSocket(speaker.path, options, use);
    case "pulse":
    case "alsa":
      return startProgram(playerCommand(speaker), options, use);
  }
}

/** Exported for its test: the latency of each player is part of what a caller hears. */
export function playerCommand(
  speaker: Extract<MediaConfig["speaker"], { kind: "pulse" | "alsa" }>,
): Command {
  if (speaker.kind === "pulse") {
    const format = ["--raw", "--format=s16le", "--rate=48000", "--channels=1"];
    return {
      file: "pacat",
      args: [...format, "--latency-msec=20", `--device=${speaker.sink}`],
    };
  }
  const format = ["-q", "-t", "raw", "-f", "S16_LE", "-r", "48000", "-c", "1"];
  return { file: "aplay", args: [...format, "--buffer-time=40000", "-D", speaker.device] };
}

function startProgram(command: Command, options: PlayerOptions, use: Use): Outlet {
  let settled: NodeJS.Timeout | undefined;
  const program = keepRunning({
    name: "speaker",
    timing: options.timing,
    hasInput: true,
    repeats: false,
    command: () => Promise.resolve(command),
    onStart: (child) => {
      if (child.stdin !== null) use({ stream: child.stdin, onFull });
      settled = setTimeout(options.onReady, SETTLED_MS);
    },
    onEnd: () => {
      clearTimeout(settled);
      use(undefined);
    },
    onFailure: options.onFailure,
  });
  const onFull = (): void => {
    program.restart(`speaker: ${command.file} fell behind and starts again`);
  };
  return program;
}

function openSocket(path: string, { timing, onReady, onFailure }: PlayerOptions, use: Use): Outlet {
  let attempt = 0;
  let isStopped = false;
  let pause: NodeJS.Timeout | undefined;
  let why = "";
  let socket = open();

  function open() {
    const opened = connect(path);
    opened.on("connect", () => {
      attempt = 0;
      use({ stream: opened });
      onReady();
    });
    // Data from the other end is ignored, but unread it would keep the socket from closing.
    opened.resume();
    opened.on("error", (error) => {
      why = ` (${error.message})`;
    });
    opened.on("close", () => {
      use(undefined);
      if (isStopped) return;
      onFailure(`speaker: no connection to the socket ${path}${why}`);
      const jitter = fullJitter(timing.restart, attempt, Math.random());
      attempt += 1;
      pause = setTimeout(
        () => {
          socket = open();
        },
        Math.max(timing.restartAtLeast, jitter),
      );
    });
    return opened;
  }

  return {
    stop() {
      isStopped = true;
      clearTimeout(pause);
      socket.destroy();
    },
  };
}

function openFile(path: string, { onReady, onFailure }: PlayerOptions, use: Use): Outlet {
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const file = createWriteStream(path, { flags: "a" });
  const bounded = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      size += chunk.length;
      if (size <= MAX_FILE_BYTES) return void file.write(chunk, done);
      use(undefined);
      onFailure(`speaker: ${path} is full (${MAX_FILE_BYTES} bytes); remove it and start again`);
      done();
    },
  });
  file.on("open", () => {
    use({ stream: bounded });
    onReady();
  });
  file.on("error", (error) => {
    use(undefined);
    onFailure(`speaker: cannot write ${path} (${error.message})`);
  });
  return { stop: () => void file.end() };
}
