/**
 * Folded records as consoles and programs see them: ISO times, no inner fields.
 *
 * Every function here is total over what a fact can hold:
 * whatever the number, there is a time to show.
 */
import type { Incident, Recording } from "../../../shared/api/incident.ts";
import { boundedPlace, type Pillar } from "../../../shared/api/pillar.ts";
import { readFault } from "../../../shared/protocol/heartbeat.ts";
import { boundedPress } from "../../core/time/bounds.ts";
import { iso } from "../../../shared/iso.ts";
import { isExpired, latestOf } from "../../core/pillar/certificate.ts";
import type { IncidentRecord } from "../../core/state/incident-record.ts";
import type { RecordingRecord } from "../../core/state/recording-record.ts";
import type { PillarRecord } from "../../core/state/pillar-record.ts";

const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

export function toIncident(record: IncidentRecord, pillarName: string | undefined): Incident {
  return {
    id: record.id,
    pillarId: record.pillarId,
    pillarName: pillarName ?? record.pillarId,
    kind: record.kind,
    state: record.state,
    priority: record.priority,
    priorityReason: record.priorityReason,
    pressedAt: iso(boundedPress(record.pressedAt, record.openedAt)),
    openedAt: iso(record.openedAt),
    acknowledgedAt: isoOrNull(record.acknowledgedAt),
    answeredAt: isoOrNull(record.answeredAt),
    closedAt: isoOrNull(record.closedAt),
    owner: record.owner,
    ownerName: record.ownerName,
    isHeld: record.isHeld,
    presses: record.presses,
    isVerified: record.isVerified,
    escalation: record.escalation,
    deadlineAt: isoOrNull(record.deadline?.dueAt ?? null),
    disposition: record.disposition,
    note: record.note,
    text: record.text,
    lock: record.lock && { ...record.lock, at: iso(record.lock.at) },
  };
}

/** `heardAt`: the last message, when this process has heard one. */
export function toPillar(record: PillarRecord, heardAt: number | undefined): Pillar {
  return {
    id: record.id,
    ...boundedPlace(record),
    position: record.position,
    presence: record.presence,
    lastSeenAt: isoOrNull(heardAt ?? record.presenceAt),
    isEnrolled: record.alarmPublicKey !== null,
    certificate: certificateOf(record),
    revocation: record.revocation && { ...record.revocation, at: iso(record.revocation.at) },
    faults: [...new Set(record.faults.map(readFault))],
    release: record.release,
  };
}

function certificateOf(record: PillarRecord): Pillar["certificate"] {
  const certificate = latestOf(record);
  return (
    certificate && {
      serial: certificate.serial,
      issuedAt: iso(certificate.issuedAt),
      validUntil: iso(certificate.expiresAt),
      isExpired: isExpired(record, Date.now()),
    }
  );
}

export function toRecording(record: RecordingRecord): Recording {
  return {
    id: record.id,
    incidentId: record.incidentId,
    startedAt: iso(record.startedAt),
    endedAt: isoOrNull(record.endedAt),
    durationMs: record.durationMs,
    bytes: record.bytes,
    state: record.state,
    mediaType: "video/mp4",
    deletion: record.deletion && { ...record.deletion, at: iso(record.deletion.at) },
    gaps: record.gaps ?? null,
    cameras: record.cameras ? [...record.cameras] : null,
  };
}

/** Where a recording's file lies below the data directory; the day is UTC. */
export function recordingPath(record: Pick<RecordingRecord, "id" | "startedAt">): string {
  return `recordings/${iso(record.startedAt).slice(0, 10)}/${record.id}.mp4`;
}
