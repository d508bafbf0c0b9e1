/**
 * One WebRTC connection to the hub by WHIP (RFC 9725) or WHEP: offer by POST, answer, DELETE.
 *
 * Only host candidates are used (the hub is on our network), so gathering ends in milliseconds and
 * the offer goes out complete; there is no trickling.
 */
import { failure, type FailureCode } from "../../../api/client.ts";

/** Host candidates are there at once; what is not there by now is not waited for. */
const GATHER_MS = 50;
const POST_TIMEOUT_MS = 6000;

export type Connected =
  | { readonly ok: true; readonly resource: string | null }
  | { readonly ok: false; readonly code: FailureCode; readonly detail: string };

export function newPeer(): RTCPeerConnection {
  return new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
}

/** Makes the offer and gathers; may be done long before it is needed. */
export async function prepare(peer: RTCPeerConnection): Promise<void> {
  await peer.setLocalDescription(await peer.createOffer());
  await gathered(peer);
}

/** Sends a prepared peer's offer and takes the answer. */
export async function negotiate(
  peer: RTCPeerConnection,
  url: string,
  withinMs: number = POST_TIMEOUT_MS,
): Promise<Connected> {
  const sdp = peer.localDescription?.sdp ?? "";
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/sdp", accept: "application/sdp" },
      body: sdp,
      signal: AbortSignal.timeout(withinMs),
    });
  } catch (error) {
    return { ok: false, code: "offline", detail: String(error) };
  }
  if (!response.ok) return failure(response.status, await response.json().catch(() => undefined));
  const resource = response.headers.get("location");
  const answer = await response.text();
  if (peer.signalingState === "closed") {
    endResource(resource);
    return { ok: false, code: "offline", detail: "closed while the hub answered" };
  }
  try {
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
  } catch (error) {
    endResource(resource);
    return { ok: false, code: "malformed", detail: String(error) };
  }
  return { ok: true, resource };
}

/** Tells the hub that a session is over; also while the page goes away. */
export function endResource(resource: string | null): void {
  if (resource === null) return;
  fetch(resource, { method: "DELETE", keepalive: true }).catch((error: unknown) => {
    // The hub ends sessions whose connection died; this only makes it sooner.
    console.info("media: the end of a session could not be told", error);
  });
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, GATHER_MS);
    function done(): void {
      clearTimeout(timer);
      peer.removeEventListener("icegatheringstatechange", check);
      resolve();
    }
    function check(): void {
      if (peer.iceGatheringState === "complete") done();
    }
    peer.addEventListener("icegatheringstatechange", check);
  });
}

/**
 * Asks the browser to play as early as it can: in a
 * conversation a short click is better than a delay.
 */
export function playSoon(receiver: RTCRtpReceiver): void {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
}

/** Whether trying again may help. */
export function isWorthRetrying(code: FailureCode): boolean {
  return (
    code === "offline" ||
    code === "media-unavailable" ||
    code === "unavailable" ||
    code === "internal" ||
    code === "too-many-requests"
  );
}
