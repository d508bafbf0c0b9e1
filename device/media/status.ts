/**
 * What the agent is told of the media parts: one message whenever any of it changes, never more.
 */
import type { FromMedia, PartState } from "./ipc.ts";
import type { PeerState } from "./peer.ts";

export type Part = "camera" | "microphone" | "speaker";

export interface Status {
  /** `detail` says what is wrong and what to do; empty when nothing is. */
  set(part: Part, state: PartState, detail?: string): void;
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
  let peer: PeerState = "lost";
  let lastPosted = "";
  let isDue = false;

  const flush = (): void => {
    isDue = false;
    const detail = [details.camera, details.microphone, details.speaker, details.peer]
      .filter((text) => text !== "")
      .join("; ");
    const message: FromMedia = { type: "state", peer, ...states, detail };
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
    set(part, state, detail = "") {
      states[part] = state;
      details[part] = detail;
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
