/**
 * The two codecs of every connection, as plain data.
 *
 * Payload types are fixed so that packets are relayed without rewriting; H.264 is constrained
 * baseline, which every browser decodes.
 */

export const VIDEO = {
  mimeType: "video/H264",
  payloadType: 102,
  rtxPayloadType: 103,
  clockRate: 90_000,
  fmtp: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
} as const;

export const AUDIO = {
  mimeType: "audio/opus",
  payloadType: 111,
  clockRate: 48_000,
  channels: 2,
  fmtp: "minptime=10;useinbandfec=1",
  /** Samples in one 20 ms frame. */
  frameSamples: 960,
} as const;
