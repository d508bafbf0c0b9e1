/** The hub's sound and the pillar's own prompts, from packet or file to the speaker. */
import { Decoder } from "@evan/opus";
import { PCM_RATE } from "./pcm.ts";
import type { MediaConfig } from "../../config.ts";
import { newPlayback, type Playback } from "./playback.ts";
import { startPlayer, type Player } from "./player.ts";
import { readPrompt } from "./prompt.ts";
import type { VoicePacket } from "../session.ts";
import type { Status } from "../status.ts";
import type { MediaTiming } from "../timing.ts";

const TICK_MS = 10;
/** How long after the last sound the speaker still counts as playing. */
const PLAYING_MS = 1000;

export interface DownlinkOptions {
  readonly timing: MediaTiming;
  readonly status: Status;
  readonly log: (level: "debug" | "info" | "warn", text: string) => void;
}

export interface Downlink {
  configure(media: MediaConfig): void;
  setOpen(isOpen: boolean): void;
  voice(packet: VoicePacket): void;
  prompt(name: string): void;
  stop(): void;
}

interface Speaker {
  readonly player: Player;
  readonly playback: Playback;
  readonly promptsDir: string;
}

export function newDownlink({ timing, status, log }: DownlinkOptions): Downlink {
  let speaker: Speaker | undefined;
  let isOpen = false;
  let ticking: NodeJS.Timeout | undefined;
  let quiet: NodeJS.Timeout | undefined;

  const played = (): void => {
    if (status.get("speaker") === "ready") status.set("speaker", "playing");
    if (quiet !== undefined) return void quiet.refresh();
    quiet = setTimeout(() => {
      if (status.get("speaker") === "playing") status.set("speaker", "ready");
    }, PLAYING_MS);
  };

  const keepTicking = (): void => {
    if (ticking !== undefined || speaker?.playback.isBusy() !== true) return;
    ticking = setInterval(() => {
      speaker?.playback.tick();
      if (speaker?.playback.isBusy() === true) return;
      clearInterval(ticking);
      ticking = undefined;
    }, TICK_MS);
  };

  const stop = (): void => {
    speaker?.player.stop();
    speaker = undefined;
    clearTimeout(quiet);
    quiet = undefined;
  };

  return {
    stop,
    configure(media) {
      stop();
      status.set("speaker", "off");
      if (media.speaker.kind === "none") return;
      speaker = newSpeaker(media, { timing, status, log }, played);
    },
    setOpen(shouldOpen) {
      isOpen = shouldOpen;
      if (!isOpen) speaker?.playback.hush();
    },
    voice({ sequenceNumber, payload }) {
      if (!isOpen) return;
      speaker?.playback.voice(sequenceNumber, payload);
      keepTicking();
    },
    prompt(name) {
      const asked = speaker;
      if (asked === undefined) return;
      const play = async (): Promise<void> => {
        const wav = await readPrompt(asked.promptsDir, name);
        if (!wav.ok) return log("warn", wav.reason);
        if (speaker !== asked) return;
        asked.playback.prompt(wav.pcm);
        keepTicking();
      };
      void play();
    },
  };
}

function newSpeaker(media: MediaConfig, options: DownlinkOptions, onPlayed: () => void): Speaker {
  const { timing, status, log } = options;
  const decoder = new Decoder({ channels: 1, sample_rate: PCM_RATE });
  const player = startPlayer({
    speaker: media.speaker,
    timing,
    onReady: () => {
      if (status.get("speaker") === "failed") log("info", "speaker: it works again");
      status.set("speaker", "ready");
    },
    onFailure: (detail) => {
      if (status.get("speaker") !== "failed") log("warn", detail);
      status.fail("speaker", detail);
    },
  });
  const playback = newPlayback({
    maxPlaybackMs: media.maxPlaybackMs,
    sink: player,
    onPlayed,
    decode: (payload) => decoder.decode(payload),
    onTrouble: (text) => log("debug", text),
  });
  return { player, playback, promptsDir: media.promptsDir };
}
