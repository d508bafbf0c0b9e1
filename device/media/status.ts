/**
 * What the agent is told of the media parts: one message whenever any of it changes, never more.
 */
import type { CameraId } from "../../shared/ids.ts";
import type { FromMedia, PartState } from "../core/state/media-channel.ts";
import type { PeerState } from "./peer.ts";

/** A camera of any name cannot be taken for another part: an id has no space. */
export type Part = `camera ${CameraId}` | "microphone" | "speaker";

export const cameraPart = (id: CameraId): Part => `camera ${id}`;

export interface Status {
  /** From now on these are the cameras; those that stay keep their state. */
  setCameras(ids: readonly CameraId[]): void;
  set(part: Part, state: Exclude<PartState, "failed">): void;
  /** `detail` says what is wrong and what to do. */
  fail(part: Part, detail: string, lacksFfmpeg?: boolean): void;
  setPeer(state: PeerState, detail: string): void;
  get(part: Part): PartState;
  /** Tells everything again, as to an agent that has just configured us. */
  repeat(): void;
}

interface Known {
  readonly state: PartState;
  readonly detail: string;
  readonly lacksFfmpeg: boolean;
}

const OFF: Known = { state: "off", detail: "", lacksFfmpeg: false };

export function newStatus(post: (message: FromMedia) => void): Status {
  let cameras: readonly CameraId[] = [];
  const knownByPart = new Map<Part, Known>();
  let peer: { readonly state: PeerState; readonly detail: string } = { state: "lost", detail: "" };
  let lastPosted = "";
  let isDue = false;

  const of = (part: Part): Known => knownByPart.get(part) ?? OFF;

  const flush = (): void => {
    isDue = false;
    const parts = [...cameras.map(cameraPart), "microphone", "speaker"] as const;
    const known = parts.map(of);
    const [microphone, speaker] = [of("microphone"), of("speaker")];
    const message: FromMedia = {
      type: "state",
      peer: peer.state,
      cameras: cameras.map((id) => {
        const { state, detail } = of(cameraPart(id));
        return { id, state, cause: detail };
      }),
      microphone: microphone.state,
      speaker: speaker.state,
      detail: [...known, peer].flatMap(({ detail }) => detail || []).join("; "),
      causes: { microphone: microphone.detail, speaker: speaker.detail },
      lacksFfmpeg: known.some(({ lacksFfmpeg }) => lacksFfmpeg),
    };
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
    get: (part) => of(part).state,
    setCameras(ids) {
      const gone = cameras.filter((id) => !ids.includes(id));
      for (const id of gone) knownByPart.delete(cameraPart(id));
      cameras = ids;
      due();
    },
    set(part, state) {
      knownByPart.set(part, { ...OFF, state });
      due();
    },
    fail(part, detail, lacksFfmpeg = false) {
      knownByPart.set(part, { state: "failed", detail, lacksFfmpeg });
      due();
    },
    setPeer(state, detail) {
      peer = { state, detail };
      due();
    },
    repeat() {
      lastPosted = "";
      due();
    },
  };
}
