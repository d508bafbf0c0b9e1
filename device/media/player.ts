/**
 * The speaker: a player process (PulseAudio, ALSA), a Unix socket, or a file.
 *
 * A pipe to a player holds far more than anybody may be late by, so the sound in it is counted by
 * the clock: what was handed over, less the time that has passed. A player that stops reading gets
 * nothing more.
 */
import { createWriteStream, statSync } from "node:fs";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { Writable } from "node:stream";
import { fullJitter } from "../../shared/backoff.ts";
import type { MediaConfig } from "../config.ts";
import { FRAME_BYTES, durationMs } from "./pcm.ts";
import type { Sink } from "./playback.ts";
import { keepRunning, type Command } from "./process.ts";
import type { MediaTiming } from "./timing.ts";

/** A minute of 48 kHz is 5.8 MB; a file is for looking at what was played, not for keeping it. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** What may wait in here for a player that has stopped reading: 60 ms. */
const MAX_UNREAD_BYTES = 3 * FRAME_BYTES;
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

type Use = (stream: Writable | undefined) => void;

export function startPlayer(options: PlayerOptions): Player {
  let stream: Writable | undefined;
  let heardUntil = 0;
  const outlet = startOutlet(options, (next) => {
    stream = next;
    heardUntil = 0;
  });
  return {
    outstandingMs: () => Math.max(0, heardUntil - performance.now()),
    write(pcm) {
      if (stream === undefined || !stream.writable) return false;
      if (stream.writableLength + pcm.length > MAX_UNREAD_BYTES) return false;
      stream.write(pcm);
      heardUntil = Math.max(heardUntil, performance.now()) + durationMs(pcm);
      return true;
    },
    stop: () => outlet.stop(),
  };
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
  return keepRunning({
    name: "speaker",
    timing: options.timing,
    hasInput: true,
    repeats: false,
    command: () => Promise.resolve(command),
    onStart: (child) => {
      use(child.stdin ?? undefined);
      settled = setTimeout(options.onReady, SETTLED_MS);
    },
    onEnd: () => {
      clearTimeout(settled);
      use(undefined);
    },
    onFailure: options.onFailure,
  });
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
      use(opened);
      onReady();
    });
    // Whatever the other end says is of no interest, but unread it would never close.
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
    use(bounded);
    onReady();
  });
  file.on("error", (error) => {
    use(undefined);
    onFailure(`speaker: cannot write ${path} (${error.message})`);
  });
  return { stop: () => void file.end() };
}
