/**
 * What is taken from an offered session description, before the WebRTC library sees it.
 *
 * A browser offers a dozen codecs and, at times, names instead of addresses; the hub speaks exactly
 * H.264 and Opus. Everything else is removed here, so that the answer is what we mean and hostile
 * text meets one small total function first (RFC 8866, RFC 6184 section 8.2, RFC 9429).
 */
import { CameraId } from "../../../shared/ids.ts";
import type { Parsed } from "../../../shared/parse.ts";
import { MAX_CAMERAS, MAX_SDP_BYTES } from "../../../shared/protocol/signal.ts";
import type { CandidateBook } from "./candidates.ts";
import type { ViewerRole } from "../ipc.ts";

export type Offerer = "pillar" | ViewerRole;

export interface Offer {
  /** Reduced to H.264, Opus and a few addresses. */
  readonly sdp: string;
  /** Of a pillar: whose picture each section of video is, in their order. */
  readonly cameras: readonly CameraId[];
}

interface Section {
  readonly kind: string;
  readonly lines: readonly string[];
}

export function readOffer(sdp: string, offerer: Offerer, book: CandidateBook): Parsed<Offer> {
  if (sdp.length > MAX_SDP_BYTES) {
    return refuse(`expected an offer of at most ${MAX_SDP_BYTES} bytes, found ${sdp.length}`);
  }
  const lines = sdp.split(/\r\n|\n/).filter((line) => line !== "");
  if (lines[0] !== "v=0")
    return refuse(`expected SDP beginning with v=0, found ${quote(lines[0])}`);
  const bad = lines.find((line) => !/^[a-z]=/.test(line));
  if (bad !== undefined) return refuse(`expected SDP lines like "a=...", found ${quote(bad)}`);
  const starts = lines.flatMap((line, index) => (line.startsWith("m=") ? [index] : []));
  const sections = starts.map((start, index): Section => {
    const own = lines.slice(start, starts[index + 1] ?? lines.length);
    return { kind: (own[0] ?? "").slice(2).split(" ")[0] ?? "", lines: own };
  });
  const wrong = wrongSections(sections, lines, offerer);
  if (wrong !== undefined) return refuse(wrong);
  const cameras = camerasOf(offerer === "pillar" ? sections : []);
  if (!cameras.ok) return cameras;
  const session = lines.slice(0, starts[0]);
  const reduced: string[] = session.filter((line) => !isExtension(line) && !isEnd(line));
  for (const section of sections) {
    const wrong = wrongDirection(section, session, offerer);
    if (wrong !== undefined) return refuse(wrong);
    const result = reduce(section, book);
    if (!result.ok) return result;
    reduced.push(...result.value);
  }
  return { ok: true, value: { sdp: `${reduced.join("\r\n")}\r\n`, cameras: cameras.value } };
}

function wrongSections(
  sections: readonly Section[],
  lines: readonly string[],
  offerer: Offerer,
): string | undefined {
  const kinds = sections.map((section) => section.kind);
  const found = kinds.length === 0 ? "none" : kinds.join(" and ");
  const pictures = kinds.filter((kind) => kind === "video").length;
  const mostPictures = offerer === "pillar" ? MAX_CAMERAS : 1;
  if (kinds.length === 0 || kinds.length > MAX_CAMERAS + 1) {
    return `expected audio and video, found ${kinds.length} media sections`;
  }
  if (pictures > mostPictures) return `expected at most ${mostPictures} video, found ${found}`;
  if (kinds.length - pictures > 1) return `expected one section of audio, found ${found}`;
  if (kinds.some((kind) => kind !== "audio" && kind !== "video")) {
    return `expected audio and video only, found ${found}`;
  }
  if (offerer === "talk" && found !== "audio") return `expected audio only to talk, found ${found}`;
  const needed = ["ice-ufrag", "ice-pwd", "fingerprint"];
  const missing = needed.find((name) => !lines.some((line) => line.startsWith(`a=${name}:`)));
  return missing === undefined ? undefined : `expected a=${missing}, found none`;
}

/** RFC 8830: the stream of a picture's one `a=msid` is its camera. */
function camerasOf(sections: readonly Section[]): Parsed<readonly CameraId[]> {
  const cameras: CameraId[] = [];
  for (const { lines } of sections.filter(({ kind }) => kind === "video")) {
    const names = lines.filter(isStreamName);
    if (names.length !== 1) {
      return refuse(`expected one a=msid for each video, its camera, found ${names.length}`);
    }
    const stream = (names[0] ?? "").slice("a=msid:".length).split(" ")[0] ?? "";
    const camera = CameraId.safeParse(stream);
    if (!camera.success) {
      return refuse(`expected a camera's name like front in a=msid, found ${quote(stream)}`);
    }
    if (cameras.includes(camera.data)) {
      return refuse(`expected each camera once, found ${camera.data} twice`);
    }
    cameras.push(camera.data);
  }
  return { ok: true, value: cameras };
}

/**
 * RFC 8866, 6.7: a section without a direction has the session's, and that is sendrecv by default.
 */
function wrongDirection(
  section: Section,
  session: readonly string[],
  offerer: Offerer,
): string | undefined {
  const own = section.lines.find(isDirection) ?? session.find(isDirection) ?? "a=sendrecv";
  const wanted = offerer === "watch" ? "recvonly" : "sendonly";
  if (own === "a=sendrecv" || own === `a=${wanted}`) return undefined;
  return `expected the ${section.kind} to be ${wanted} or sendrecv, found ${quote(own)}`;
}

function reduce(section: Section, book: CandidateBook): Parsed<readonly string[]> {
  const payloadType = section.kind === "video" ? h264(section.lines) : opus(section.lines);
  if (payloadType === undefined) {
    const codec =
      section.kind === "video" ? "H.264 baseline with packetization-mode=1" : "Opus at 48 kHz";
    return refuse(`expected ${codec} among the ${section.kind} codecs, found none`);
  }
  const retransmission = retransmissionOf(section.lines, payloadType);
  const kept = [payloadType, ...(retransmission === undefined ? [] : [retransmission])];
  const [media = "", ...attributes] = section.lines;
  const head = [...media.split(" ").slice(0, 3), ...kept].join(" ");
  const rest = attributes.filter((line) => {
    if (isExtension(line) || isEnd(line) || isStreamName(line)) return false;
    if (line.startsWith("a=candidate:")) return book.take(line.slice(2));
    const named = /^a=(?:rtpmap|fmtp|rtcp-fb):(\S+)/.exec(line)?.[1];
    return named === undefined || named === "*" || kept.includes(named);
  });
  return { ok: true, value: [head, ...rest] };
}

/**
 * Never passed on: with no usable candidate before it (a browser may hide its addresses behind
 * names), the library gives up at once, although the browser's first packet would tell where it is
 * (RFC 8445, 7.3.1.3).
 */
const isEnd = (line: string): boolean => line === "a=end-of-candidates";

const isStreamName = (line: string): boolean => line.startsWith("a=msid:");
const isExtension = (line: string): boolean => /^a=(?:extmap|extmap-allow-mixed)/.test(line);
const isDirection = (line: string): boolean =>
  /^a=(?:sendrecv|sendonly|recvonly|inactive)$/.test(line);

function payloadTypes(lines: readonly string[], codec: string): string[] {
  return lines.flatMap((line) => {
    const match = /^a=rtpmap:(\d{1,3}) (\S+)/.exec(line);
    return match?.[2]?.toLowerCase().startsWith(codec) === true ? [match[1] ?? ""] : [];
  });
}

const format = (lines: readonly string[], payloadType: string): string =>
  lines.find((line) => line.startsWith(`a=fmtp:${payloadType} `))?.toLowerCase() ?? "";

/** Constrained baseline if offered, else any baseline. */
function h264(lines: readonly string[]): string | undefined {
  const usable = payloadTypes(lines, "h264/90000").filter((payloadType) => {
    const parameters = format(lines, payloadType);
    return /packetization-mode=1/.test(parameters) && /profile-level-id=42/.test(parameters);
  });
  const constrained = usable.find((payloadType) =>
    /profile-level-id=42e0/.test(format(lines, payloadType)),
  );
  return constrained ?? usable[0];
}

const opus = (lines: readonly string[]): string | undefined => payloadTypes(lines, "opus/48000")[0];

function retransmissionOf(lines: readonly string[], payloadType: string): string | undefined {
  return payloadTypes(lines, "rtx/").find((candidate) =>
    new RegExp(`apt=${payloadType}(?!\\d)`).test(format(lines, candidate)),
  );
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}

const quote = (text: string | undefined): string => JSON.stringify((text ?? "").slice(0, 60));
