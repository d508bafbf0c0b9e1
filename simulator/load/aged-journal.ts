/**
 * A journal as years of work leave it: calls raised, taken and closed, pillars lost and back.
 *
 * Every fact is decided by the hub's core and written by its journal, so chain, read models and
 * snapshots are what they would be; only signatures are drawn, and the days pass as fast as the
 * disk allows.
 */
import { ROOT_AREA } from "../../shared/access/areas.ts";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { HubEvent } from "../../hub/core/events.ts";
import type { OperatorOrder } from "../../hub/core/incident/kinds.ts";
import { DEFAULT_ESCALATION } from "../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../hub/core/incident/priority-settings.ts";
import { lockData } from "../../hub/storage/data-lock.ts";
import { sha256 } from "../../hub/journal/chain.ts";
import { openJournal } from "../../hub/journal/journal.ts";
import { newId } from "../../hub/shell/identifier.ts";
import { startLoop, type Loop } from "../../hub/shell/loop.ts";
import { GENESIS, linkHash } from "../../shared/hash-chain.ts";
import { MediaId, Signature, Username } from "../../shared/ids.ts";
import type { EventId, IncidentId, PillarId, RecordingId, Sha256 } from "../../shared/ids.ts";
import type { AlarmEvent } from "../../shared/protocol/alarm.ts";

const SECOND = 1000;
/** Events decided before the disk is waited for. */
const AHEAD = 400;
const OPERATOR = {
  by: Username.parse("operator"),
  byName: "Operator",
  role: "operator",
  scope: ROOT_AREA,
} as const;

interface GrowingJournal {
  readonly loop: Loop;
  readonly heads: Map<PillarId, { seq: number; hash: Sha256 }>;
  at: number;
}

/**
 * Adds facts until the journal has `rows`; the pillars are enrolled already, the hub does not run.
 */
export async function ageJournal(hubDir: string, rows: number): Promise<void> {
  const lock = lockData(hubDir);
  const journal = await openJournal(join(hubDir, "journal.db"));
  const loop = await startLoop(journal, {
    escalation: DEFAULT_ESCALATION,
    priority: DEFAULT_PRIORITY,
    maxOpen: 10_000,
    mediaProcesses: 1,
  });
  const grown: GrowingJournal = { loop, heads: new Map(), at: Date.now() };
  const pillars = [...loop.state().pillars.keys()];
  await take(grown, { type: "media-started", mediaId: MediaId.parse(1), newRecordingIds: [] });
  for (let call = 0; journal.nextIndex() <= rows;) {
    const day = Array.from({ length: AHEAD }, () => pillars[call++ % pillars.length]);
    await Promise.all(day.flatMap((pillarId) => (pillarId ? oneCall(grown, pillarId) : [])));
  }
  await loop.close();
  lock.release();
}

type Untimed<T> = T extends unknown ? Omit<T, "at"> : never;

function take(grown: GrowingJournal, event: Untimed<HubEvent>): Promise<void> {
  grown.at += SECOND;
  return grown.loop.take({ ...event, at: grown.at }, () => ({
    answer: undefined,
    perform: () => undefined,
  }));
}

/** Lost and back, a press, and an operator who takes it, answers, and closes it. */
function oneCall(grown: GrowingJournal, pillarId: PillarId): Promise<void>[] {
  const { loop } = grown;
  const news = { type: "pillar-connected", pillarId } as const;
  const alarm = press(grown, pillarId);
  const done = [take(grown, news), take(grown, alarm)];
  const incident = loop.state().incidents.get(alarm.newIncidentId);
  if (!incident) throw new Error(`bug: the press of ${pillarId} opened no incident`);
  const orders: OperatorOrder[] = [
    { name: "acknowledge" },
    { name: "answer" },
    { name: "close", disposition: "resolved", note: "" },
  ];
  const { id: incidentId, recordingId } = incident;
  for (const order of orders) {
    const newRecordingId = newId<RecordingId>();
    done.push(
      take(grown, { type: "operator-order", incidentId, order, ...OPERATOR, newRecordingId }),
    );
  }
  if (recordingId) {
    const ended = { state: "closed", durationMs: 60_000, bytes: 1_000_000 } as const;
    done.push(take(grown, { type: "recording-ended", recordingId, ...ended }));
  }
  return done;
}

type AlarmHeard = Untimed<Extract<HubEvent, { type: "alarm" }>>;

function press(grown: GrowingJournal, pillarId: PillarId): AlarmHeard {
  const head = grown.heads.get(pillarId) ?? { seq: 0, hash: GENESIS };
  const event: AlarmEvent = {
    ...{ v: 1, eventId: newId<EventId>(), pillarId, bootEpoch: 1 },
    ...{ seq: head.seq + 1, prevHash: head.hash, kind: "voice" },
    ...{ wallMs: grown.at, clock: { synced: true } },
  };
  const hash = linkHash(sha256, head.hash, event);
  grown.heads.set(pillarId, { seq: event.seq, hash });
  const sig = Signature.parse(randomBytes(64).toString("base64url"));
  return {
    ...{ type: "alarm", pillarId, hash, via: "mqtt" },
    alarm: { v: 1, event, sig, ageMs: 40, attempt: 1 },
    newIncidentId: newId<IncidentId>(),
    newRecordingId: newId<RecordingId>(),
  };
}
