/** Every identifier in one place: one schema each, so that a wrong one is refused at the edge. */
import { z } from "zod";

/**
 * Lower-case letters, digits and inner hyphens: it is
 * a topic level, a file name and a certificate name.
 */
export const PillarId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
  .brand("PillarId");
export type PillarId = z.infer<typeof PillarId>;

/** One camera of a pillar: a short lower-case word, also in SDP, file names and addresses. */
export const CameraId = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,15}$/, "expected a letter and up to 15 of a-z and 0-9")
  .brand("CameraId");
export type CameraId = z.infer<typeof CameraId>;

/** 128 random bits, lower-case hexadecimal. */
const hex128 = z.string().regex(/^[0-9a-f]{32}$/);

/** One alarm, born at the button's edge, before anything is stored. */
export const EventId = hex128.brand("EventId");
export type EventId = z.infer<typeof EventId>;

export const IncidentId = hex128.brand("IncidentId");
export type IncidentId = z.infer<typeof IncidentId>;

export const RecordingId = hex128.brand("RecordingId");
export type RecordingId = z.infer<typeof RecordingId>;

/** One WebRTC connection, pillar or console. */
export const MediaSessionId = hex128.brand("MediaSessionId");
export type MediaSessionId = z.infer<typeof MediaSessionId>;

/** One of the hub's media processes, counted from one. */
export const MAX_MEDIA = 16;
export const MediaId = z.number().int().min(1).max(MAX_MEDIA).brand("MediaId");
export type MediaId = z.infer<typeof MediaId>;

export const CommandId = hex128.brand("CommandId");
export type CommandId = z.infer<typeof CommandId>;
/** Of the hub's permission for picture or sound without a call. */
export const GrantId = hex128.brand("GrantId");
export type GrantId = z.infer<typeof GrantId>;

/** One connection of a pillar: a command that names another one was meant for an older session. */
export const SessionNonce = hex128.brand("SessionNonce");
export type SessionNonce = z.infer<typeof SessionNonce>;

/** One precinct with a journal of its own: lower-case letters, digits and hyphens. */
export const CellId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, "expected 1 to 32 of a-z, 0-9 and -")
  .brand("CellId");
export type CellId = z.infer<typeof CellId>;

/** Identifies one hub database: it changes when a backup is restored. */
export const HubEpoch = hex128.brand("HubEpoch");
export type HubEpoch = z.infer<typeof HubEpoch>;

/** One run of the hub's program, from its start to its end. */
export const HubRun = hex128.brand("HubRun");
export type HubRun = z.infer<typeof HubRun>;

/** A person's account name. */
export const Username = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,31}$/)
  .brand("Username");
export type Username = z.infer<typeof Username>;

/** A node of the tree of areas; a pillar's grid is one. */
export const AreaId = z
  .string()
  .min(1, "expected the id of an area, found nothing")
  .max(40, "expected at most 40 characters")
  .refine((id) => /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(id), {
    message: "expected letters, digits, spaces, dots, underlines and hyphens",
  })
  .brand("AreaId");
export type AreaId = z.infer<typeof AreaId>;

/** SHA-256, lower-case hexadecimal. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand("Sha256");
export type Sha256 = z.infer<typeof Sha256>;

/**
 * Ed25519 over canonical JSON, 64 bytes, base64url without padding (RFC 8032, RFC 4648 section 5).
 */
export const Signature = z
  .string()
  .regex(/^[A-Za-z0-9_-]{86}$/)
  .brand("Signature");
export type Signature = z.infer<typeof Signature>;
