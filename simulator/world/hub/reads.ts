/**
 * What consoles and programs would read: the real read
 * path, as far as it is pure, after every durable fact.
 *
 * Facts are projected to rows by the journal's own functions, and every row, event, line of history
 * and line of the log that a fact changes is made and held against the schema of the interface.
 * What throws, or what the schema refuses, would have been an answer of 500 or an event that never
 * came.
 */
import type { Logger } from "pino";
import type { z } from "zod";
import type { Fact } from "../../../hub/core/facts.ts";
import type { IncidentRecord } from "../../../hub/core/state/incident-record.ts";
import type { RecordingRecord } from "../../../hub/core/state/recording-record.ts";
import type { PillarRecord } from "../../../hub/core/state/pillar-record.ts";
import { logFacts } from "../../../hub/shell/incident-log.ts";
import { subjectsOf } from "../../../hub/journal/read/console-event.ts";
import { project, untouched, type Touched } from "../../../hub/journal/projection.ts";
import { timelineEntry } from "../../../hub/journal/read/timeline.ts";
import { type toIncident, toPillar, toRecording } from "../../../hub/journal/read/api-shape.ts";
import { ServerEvent } from "../../../shared/api/event.ts";
import { IncidentPage, RecordingPage } from "../../../shared/api/incident.ts";
import { Timeline } from "../../../shared/api/timeline.ts";
import { PillarPage } from "../../../shared/api/pillar.ts";
import type { HubState } from "../../../hub/core/state/hub-state.ts";
import { readSnapshot, writeSnapshot } from "../../../hub/core/snapshot.ts";

export interface Reads {
  /** Facts that have just become durable; `first`: journal index of the first of them. */
  took(facts: readonly Fact[], first: number): void;
  /** The journal is another one now. */
  begin(facts: readonly Fact[]): void;
  /** A snapshot is read again, and the same; of many, some. */
  snapshot(state: HubState, text: string): void;
}

interface ReadModels {
  readonly incidents: Map<string, IncidentRecord>;
  readonly pillars: Map<string, PillarRecord>;
  readonly recordings: Map<string, RecordingRecord>;
  readonly failed: (what: string, reason: string) => void;
  readonly show: Show;
  /** Seen, of which one in `sample` is looked at. */
  batches: number;
  snapshots: number;
}

/** How a folded record becomes what is sent; a canary may spoil it. */
export interface Show {
  readonly incident: typeof toIncident;
}

/** Every batch on an ordinary day; thousands of presses a day leave no time for that. */
const DENSE_SAMPLE = 16;
/**
 * Characters of one row, one line of history or one
 * event; how many of them a batch has is no fault.
 */
const MAX_ITEM = 8 * 1024;

export function newReads(wanted: {
  readonly failed: ReadModels["failed"];
  readonly show: Show;
  readonly isDense: boolean;
}): Reads {
  const { failed, show } = wanted;
  const sample = wanted.isDense ? DENSE_SAMPLE : 1;
  const maps = { incidents: new Map(), pillars: new Map(), recordings: new Map() };
  const models: ReadModels = { ...maps, failed, show, batches: 0, snapshots: 0 };
  return {
    took: (facts, first) => {
      models.batches += 1;
      const touched = fold(models, facts, first);
      if (touched && models.batches % sample === 0) readAll(models, { facts, first, touched });
    },
    begin: (facts) => {
      for (const map of Object.values(maps)) map.clear();
      fold(models, facts, 1);
    },
    snapshot: (state, text) => {
      if (models.snapshots++ % sample > 0) return;
      attempt(models, "a snapshot", () => {
        const read = readSnapshot(state.settings, text);
        return read && writeSnapshot(read) === text ? undefined : "it is read as another state";
      });
    },
  };
}

/** `undefined` or words: what is wrong. Whatever is thrown is wrong too. */
function attempt(models: ReadModels, what: string, look: () => string | undefined): void {
  try {
    const reason = look();
    if (reason !== undefined) models.failed(what, reason);
  } catch (error) {
    models.failed(what, error instanceof Error ? error.message : String(error));
  }
}

function fold(models: ReadModels, facts: readonly Fact[], first: number): Touched | undefined {
  const touched = untouched();
  const rows = {
    incident: (id: string) => models.incidents.get(id),
    pillar: (id: string) => models.pillars.get(id),
    recording: (id: string) => models.recordings.get(id),
  };
  try {
    for (const [offset, fact] of facts.entries()) {
      project(rows, touched, { fact, index: first + offset });
    }
  } catch (error) {
    models.failed("the projection", String(error));
    return undefined;
  }
  for (const [id, { record }] of touched.incident) models.incidents.set(id, record);
  for (const [id, { record }] of touched.pillar) models.pillars.set(id, record);
  for (const [id, { record }] of touched.recording) models.recordings.set(id, record);
  return touched;
}

function readAll(
  models: ReadModels,
  batch: {
    readonly facts: readonly Fact[];
    readonly first: number;
    readonly touched: Touched;
  },
): void {
  const { facts, first, touched } = batch;
  const nameOf = (id: string): string | undefined => models.pillars.get(id)?.name;
  attempt(models, "the list of incidents", () => {
    const items = [...touched.incident.values()].map(({ record }) =>
      models.show.incident(record, nameOf(record.pillarId)),
    );
    return pageRefusal(IncidentPage, items);
  });
  attempt(models, "the list of pillars", () => {
    const items = [...touched.pillar.values()].map(({ record }) => toPillar(record, undefined));
    return pageRefusal(PillarPage, items);
  });
  attempt(models, "the list of recordings", () => {
    const items = [...touched.recording.values()].map(({ record }) => toRecording(record));
    return pageRefusal(RecordingPage, items);
  });
  attempt(models, "the history of an incident", () => {
    const items = facts.map((fact, offset) => timelineEntry(fact, first + offset));
    return pageRefusal(Timeline, items);
  });
  attempt(models, "the consoles' stream", () => {
    const numbered = facts.map((fact, offset) => ({ index: first + offset, fact }));
    const reasons = subjectsOf(numbered).flatMap(({ subject }) =>
      subject.type === "notification" ? (eventRefusal(subject) ?? []) : [],
    );
    return reasons[0];
  });
  attempt(models, "the log", () => {
    logFacts(MUTE, facts);
    return undefined;
  });
}

function pageRefusal(schema: z.ZodType, items: readonly unknown[]): string | undefined {
  const read = schema.safeParse({ items, next: null });
  return read.success ? lengthRefusal(items) : wordsOf(read.error);
}

function eventRefusal(event: unknown): string | undefined {
  const read = ServerEvent.safeParse(event);
  return read.success ? lengthRefusal([event]) : wordsOf(read.error);
}

const wordsOf = ({ issues }: z.ZodError): string => issues.map(({ message }) => message).join("; ");

function lengthRefusal(items: readonly unknown[]): string | undefined {
  const longest = Math.max(0, ...items.map((item) => JSON.stringify(item).length));
  return longest > MAX_ITEM ? `${longest} characters, more than ${MAX_ITEM}` : undefined;
}

const silent = (): void => undefined;
const MUTE = { info: silent, warn: silent, error: silent, debug: silent } as unknown as Logger;
