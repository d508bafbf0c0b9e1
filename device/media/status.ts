/**
 * What the agent is told of the media parts: one message whenever any of it changes, never more.
 */
import type { FromMedia, PartState } from "../core/state/media-channel.ts";
import type { PeerState } from "./peer.ts";

export type Part = "camera" | "microphone" | "speaker";

export interface Status {
  set(part: Part, state: Exclude<PartState, "failed">): void;
  /** `detail` says what is wrong and what to do. */
  fail(part: Part, detail: string, lacksFfmpeg?: boolean): void;
  setPeer(state: PeerState, detail: string): void;
  get(part: Part): PartState;
  /** Tells everything again, as to an agent that has just configured us. */
  repeat(): void;
}

export function newStatus(post: (message: FromMedia) => void): Status {
  const states: Record<Part, PartState> = { camera: "off", microphone: "off", speaker: "off" };
  const details: Record<Part | "peer", string> = {
    camera: "",
    microphone: "",
    speaker: "",
    peer: "",
  };
  const lacking = new Set<Part>();
  let peer: PeerState = "lost";
  let lastPosted = "";
  let isDue = false;

  const flush = (): void => {
    isDue = false;
    const detail = [details.camera, details.microphone, details.speaker, details.peer]
      .filter((text) => text !== "")
      .join("; ");
    const lacksFfmpeg = lacking.size > 0;
    const { camera, microphone, speaker } = details;
    const causes = { camera, microphone, speaker };
    const message: FromMedia = { type: "state", peer, ...states, detail, causes, lacksFfmpeg };
    const text = JSON.stringify(message);
    if (text === lastPosted) return;
    lastPosted = text;
    post(message);
  };

  const due = (): void => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(flush);
  };

  return {
    get: (part) => states[part],
    set(part, state) {
      states[part] = state;
      details[part] = "";
      lacking.delete(part);
      due();
    },
    fail(part, detail, lacksFfmpeg = false) {
      states[part] = "failed";
      details[part] = detail;
      if (lacksFfmpeg) lacking.add(part);
      else lacking.delete(part);
      due();
    },
    setPeer(state, detail) {
      peer = state;
      details.peer = detail;
      due();
    },
    repeat() {
      lastPosted = "";
      due();
    },
  };
}
