/**
 * All output of the media process passes here, and secrets
 * such as a camera's password are taken out.
 */
import { assertNever } from "../../shared/assert.ts";
import type { MediaConfig } from "../config.ts";
import type { FromMedia } from "../core/state/media-channel.ts";
import { newRedactor, type Redact } from "./redact.ts";

export interface Outlet {
  readonly post: (message: FromMedia) => void;
  readonly log: (level: "debug" | "info" | "warn", text: string) => void;
  /** From now on these settings' secrets are taken out. */
  hide(media: MediaConfig): void;
}

export function newOutlet(tell: (message: FromMedia) => void): Outlet {
  let redact = newRedactor([]);
  const post = (message: FromMedia): void => tell(redacted(message, redact));
  return {
    post,
    log: (level, text) => post({ type: "log", level, text }),
    hide(media) {
      redact = newRedactor(secretAddresses(media));
    },
  };
}

const secretAddresses = ({ cameras }: MediaConfig): string[] =>
  cameras.flatMap(({ source }) => (source.kind === "rtsp" ? [source.url] : []));

/** Cut only after that: half a password would not be recognised. */
const MAX_CHARACTERS = 300;

function redacted(message: FromMedia, redact: Redact): FromMedia {
  const clean = (text: string): string => redact(text).slice(0, MAX_CHARACTERS);
  switch (message.type) {
    case "log":
      return { ...message, text: redact(message.text) };
    case "state": {
      const { microphone, speaker } = message.causes;
      const causes = { microphone: clean(microphone), speaker: clean(speaker) };
      const cameras = message.cameras.map((one) => ({ ...one, cause: clean(one.cause) }));
      return { ...message, detail: redact(message.detail), cameras, causes };
    }
    case "signal":
      return message.signal.type === "bye"
        ? {
            ...message,
            signal: { ...message.signal, reason: redact(message.signal.reason).slice(0, 200) },
          }
        : message;
    case "ready":
    case "pong":
      return message;
    default:
      return assertNever(message);
  }
}
