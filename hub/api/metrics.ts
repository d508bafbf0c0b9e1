/**
 * What Prometheus reads. Names are `anzhu_`, base units; no pillar is ever a label of a histogram.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { dropOldest } from "../../shared/bounded-map.ts";
import { HubFaultCode } from "../../shared/api/hub.ts";
import type { HubCommands, MediaPort, ReadModels } from "../ports.ts";
import type { SampledLog } from "../link/sampled-log.ts";
import type { EventStreams } from "./event-streams.ts";

/** Incidents remembered so that each is measured once. */
const MAX_REMEMBERED = 10_000;

export interface Metrics {
  readonly registry: Registry;
  countRequest(method: string, status: number): void;
  close(): void;
}

export interface MetricsOptions {
  readonly hub: Pick<HubCommands, "subscribe" | "status">;
  readonly reads: Pick<ReadModels, "pillars">;
  readonly streams: EventStreams;
  readonly refused: SampledLog;
  readonly media: MediaPort["status"];
}

export function createMetrics({ hub, reads, streams, refused, media }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "anzhu_" });
  const registers = [registry];
  const requests = new Counter({
    name: "anzhu_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["method", "status"],
    registers,
  });
  const open = new Histogram({
    name: "anzhu_press_to_incident_seconds",
    help: "From the press to the opened incident, by the pillar's age of the alarm",
    buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60],
    registers,
  });
  const answer = new Histogram({
    name: "anzhu_call_answer_seconds",
    help: "From the opened incident to the operator's answer",
    buckets: [1, 2, 5, 10, 15, 20, 30, 60],
    registers,
  });
  countRefused(refused, registers);
  fleetGauges({ reads, streams, registers });
  hubGauges(hub, registers);
  mediaGauges(media, registers);
  const deleted = new Counter({
    name: "anzhu_recordings_deleted_total",
    help: "Recordings deleted, by reason",
    labelNames: ["reason"],
    registers,
  });
  const seen = new Set<string>();
  const once = (key: string, observe: () => void): void => {
    if (seen.has(key)) return;
    seen.add(key);
    dropOldest(seen, MAX_REMEMBERED);
    observe();
  };
  const close = hub.subscribe(({ event }) => {
    if (event.type === "recording" && event.recording.deletion) {
      const { id, deletion } = event.recording;
      once(`${id} deleted`, () => deleted.inc({ reason: deletion.reason }));
    }
    if (event.type !== "incident") return;
    const { id, state, pressedAt, openedAt, answeredAt, presses } = event.incident;
    if (state === "open" && presses === 1) {
      once(`${id} opened`, () => open.observe(secondsBetween(pressedAt, openedAt)));
    }
    if (state === "answered" && answeredAt !== null) {
      once(`${id} answered`, () => answer.observe(secondsBetween(openedAt, answeredAt)));
    }
  });
  return {
    registry,
    countRequest: (method, status) => requests.inc({ method, status: String(status) }),
    close,
  };
}

/** Everything that was refused or dropped, also where the log sums it up. */
function countRefused(refused: SampledLog, registers: Registry[]): void {
  const counter: Counter<"kind"> = new Counter({
    name: "anzhu_refused_total",
    help: "Connections, messages and requests turned away or dropped, by kind of cause",
    labelNames: ["kind"],
    registers,
    collect: () => {
      counter.reset();
      for (const [kind, count] of Object.entries(refused.counts())) counter.inc({ kind }, count);
    },
  });
}

interface FleetGauges extends Pick<MetricsOptions, "reads" | "streams"> {
  readonly registers: Registry[];
}

function fleetGauges({ reads, streams, registers }: FleetGauges): void {
  const pillars: Gauge<"presence"> = new Gauge({
    name: "anzhu_pillars",
    help: "Pillars by presence",
    labelNames: ["presence"],
    registers,
    collect: async () => {
      pillars.reset();
      for (const pillar of await reads.pillars()) pillars.inc({ presence: pillar.presence });
    },
  });
  const consoles: Gauge = new Gauge({
    name: "anzhu_event_streams",
    help: "Consoles and programs on the event stream",
    registers,
    collect: () => consoles.set(streams.count()),
  });
}

/** -1 while it is unknown: a scraper cannot read "null". */
function hubGauges(hub: Pick<HubCommands, "status">, registers: Registry[]): void {
  const free: Gauge = new Gauge({
    registers,
    name: "anzhu_disk_free_bytes",
    help: "Free space where recordings lie",
    collect: () => free.set(hub.status().disk?.freeBytes ?? -1),
  });
  const total: Gauge = new Gauge({
    registers,
    name: "anzhu_disk_total_bytes",
    help: "Size of the disk where recordings lie",
    collect: () => total.set(hub.status().disk?.totalBytes ?? -1),
  });
  const days: Gauge = new Gauge({
    registers,
    name: "anzhu_disk_full_in_days",
    help: "Days until recordings stop for want of room, as the disk grew lately; +Inf: it does not",
    collect: () => days.set(hub.status().disk?.fullInDays ?? Infinity),
  });
  const faults: Gauge<"code"> = new Gauge({
    registers,
    name: "anzhu_hub_fault",
    help: "1 while the hub has this fault",
    labelNames: ["code"],
    collect: () => {
      const active = new Set(hub.status().faults.map(({ code }) => code));
      for (const code of HubFaultCode.options) faults.set({ code }, active.has(code) ? 1 : 0);
    },
  });
}

function mediaGauges(media: MediaPort["status"], registers: Registry[]): void {
  const up: Gauge<"media"> = new Gauge({
    name: "anzhu_media_up",
    help: "1 while this media process is ready",
    labelNames: ["media"],
    registers,
    collect: () => {
      for (const { mediaId, isUp } of media()) up.set({ media: mediaId }, isUp ? 1 : 0);
    },
  });
  const starts: Counter<"media"> = new Counter({
    name: "anzhu_media_starts_total",
    help: "How often a media process of this number became ready; more than one: it was replaced",
    labelNames: ["media"],
    registers,
    collect: () => {
      starts.reset();
      for (const one of media()) starts.inc({ media: one.mediaId }, one.starts);
    },
  });
}

const secondsBetween = (from: string, to: string): number =>
  Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
