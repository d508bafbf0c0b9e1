/** The HTTP interface on a false hub: what the hub would answer is set by each test. */
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { AddressInfo } from "node:net";
import type { FastifyInstance, HTTPMethods, LightMyRequestResponse } from "fastify";
import { HubConfig } from "../../../hub/config.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { openAccounts } from "../../../hub/accounts/accounts.ts";
import { openEnrolments } from "../../../hub/identity/enrolments.ts";
import { buildApi, type ApiOptions } from "../../../hub/api/server.ts";
import type { HealthCheck } from "../../../hub/shell/health.ts";
import { openAuthority } from "../../../hub/identity/authority.ts";
import type { Accounts } from "../../../hub/accounts/ports.ts";
import type { Authority, Enrolments } from "../../../hub/identity/ports.ts";
import type {
  Actor,
  AlarmAnswer,
  Ended,
  MediaStatus,
  NumberedEvent,
  Outcome,
  ReadModels,
  ViewAnswer,
  ViewRequest,
} from "../../../hub/ports.ts";
import type { OperatorOrder } from "../../../hub/core/incident/kinds.ts";
import type { HubStatus } from "../../../shared/api/hub.ts";
import type { Incident, Recording } from "../../../shared/api/incident.ts";
import type { Pillar, RevokeRequest } from "../../../shared/api/pillar.ts";
import { Role } from "../../../shared/api/session.ts";
import {
  AreaId,
  IncidentId,
  PillarId,
  RecordingId,
  Username,
  type HubEpoch,
} from "../../../shared/ids.ts";
import type { JournalName } from "../../../hub/api/cursor.ts";
import { FIRST_CELL } from "../../../hub/journal/journal.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import { keptLog } from "../wire/pillar-clients.ts";

export const INCIDENT = IncidentId.parse("1".repeat(32));
export const RECORDING = RecordingId.parse("2".repeat(32));
export const PILLAR = PillarId.parse("demo-001");
export const HUB_EPOCH = "e".repeat(32) as HubEpoch;
export const JOURNAL: JournalName = { cell: FIRST_CELL, hubEpoch: HUB_EPOCH };
/** The pillar lies in `A1`, in `east`; nothing lies in `west`. */
const AREAS = [{ id: "east", name: "East", areas: [{ id: "A1" }] }, { id: "west" }];
export const [EAST, A1, WEST] = [AreaId.parse("east"), AreaId.parse("A1"), AreaId.parse("west")];
const AREAS_OF_PILLAR = [ROOT_AREA, EAST, A1];
const AT = "2026-03-04T05:06:07.000Z";

export const incident: Incident = {
  id: INCIDENT,
  pillarId: PILLAR,
  pillarName: "East gate",
  kind: "voice",
  state: "open",
  priority: 2,
  priorityReason: { kind: "rule", rule: "kind" },
  pressedAt: AT,
  openedAt: AT,
  acknowledgedAt: null,
  answeredAt: null,
  closedAt: null,
  owner: null,
  ownerName: null,
  isHeld: false,
  presses: 1,
  isVerified: true,
  escalation: "none",
  deadlineAt: null,
  disposition: null,
  note: null,
  text: null,
  lock: null,
};

export const pillar: Pillar = {
  id: PILLAR,
  name: "East gate",
  grid: "A1",
  address: "East gate, by the bus stop",
  position: null,
  presence: "online",
  lastSeenAt: AT,
  isEnrolled: true,
  certificate: { serial: "4a", issuedAt: AT, validUntil: AT, isExpired: false },
  revocation: null,
  faults: [],
  release: "0.1.0",
};

export const recording: Recording = {
  id: RECORDING,
  incidentId: INCIDENT,
  startedAt: AT,
  endedAt: null,
  durationMs: null,
  bytes: null,
  state: "recording",
  mediaType: "video/mp4",
  deletion: null,
  gaps: null,
  cameras: null,
};

export const incidentEvent = (index: number): NumberedEvent => ({
  index,
  event: { type: "incident", incident: { ...incident, presses: index } },
});

interface GivenOrder {
  readonly order: OperatorOrder;
  readonly by: Actor;
  readonly key: string | undefined;
}

export interface TestApi {
  readonly app: FastifyInstance;
  readonly dir: string;
  readonly authority: Authority;
  readonly enrolments: Enrolments;
  readonly accounts: Accounts;
  readonly orders: GivenOrder[];
  readonly facts: Fact[];
  readonly views: ViewRequest[];
  readonly endedViews: string[];
  /** Sign-in sessions that watch or talk. */
  readonly viewing: Set<string>;
  readonly locks: {
    order: { readonly isLocked: boolean; readonly reason: string };
    by: Actor;
    key: string | undefined;
  }[];
  status: HubStatus;
  readonly alarms: { pillarId: PillarId; message: UpMessage; via: string }[];
  /** Where pillars lie: to be mocked. */
  readonly places: { areasOf: (id: PillarId) => readonly AreaId[] };
  readonly past: NumberedEvent[];
  /** Who was seen, and how. */
  readonly signs: string[];
  outcome: Outcome;
  readonly revocations: { request: RevokeRequest; by: Actor; key: string | undefined }[];
  ended: Ended;
  viewAnswer: ViewAnswer;
  health: HealthCheck[];
  media: MediaStatus[];
  recordingState: Recording["state"];
  onAlarm: () => Promise<AlarmAnswer>;
  onRecord: () => Promise<void>;
  /** For an error in the middle of a request. */
  onHealth: () => void;
  publish(event: NumberedEvent): void;
  subscribers(): number;
  signIn(role: Role): Promise<string>;
  /** A call with this role's bearer token. */
  as(role: Role, method: HTTPMethods, url: string, more?: object): Answer;
  listen(): Promise<string>;
  close(): Promise<void>;
}
type Answer = ReturnType<FastifyInstance["inject"]> & Promise<LightMyRequestResponse>;

/** Made once for a test file: keys and password hashes are slow on purpose. */
const kept: { authority?: Promise<Authority>; accounts?: Promise<Buffer> } = {};

function sharedAuthority(): Promise<Authority> {
  kept.authority ??= mkdtemp(join(tmpdir(), "anzhu-authority-")).then(async (dir) => {
    const authority = await openAuthority(dir, []);
    await rm(dir, { recursive: true });
    return authority;
  });
  return kept.authority;
}

/** A database with one account for each role, named like it, with the password `demo`. */
function sharedAccounts(): Promise<Buffer> {
  kept.accounts ??= mkdtemp(join(tmpdir(), "anzhu-accounts-")).then(async (dir) => {
    const file = join(dir, "accounts.db");
    const accounts = openAccounts(file);
    for (const role of Role.options) {
      const username = Username.parse(role);
      const displayName = role.toUpperCase();
      await accounts.add({ username, displayName, role, password: "demo", isDemo: true }, null);
    }
    // Their making is no news in every test.
    accounts.forgetFacts(accounts.waitingFacts().at(-1)?.id ?? 0);
    accounts.close();
    // Ordinary accounts with a short password: tests also sign in from elsewhere, and over HTTPS.
    const database = new DatabaseSync(file);
    database.exec("UPDATE account SET is_demo = 0");
    database.close();
    const bytes = await readFile(file);
    await rm(dir, { recursive: true });
    return bytes;
  });
  return kept.accounts;
}

export async function startTestApi(overrides: Partial<ApiOptions> = {}): Promise<TestApi> {
  const dir = await mkdtemp(join(tmpdir(), "anzhu-api-"));
  const authority = await sharedAuthority();
  const enrolments = openEnrolments(join(dir, "enrolments.db"));
  await writeFile(join(dir, "accounts.db"), await sharedAccounts());
  const accounts = openAccounts(join(dir, "accounts.db"));
  const listeners = new Set<(event: NumberedEvent) => void>();
  const tokenByRole = new Map<Role, string>();
  const state = {
    orders: [] as GivenOrder[],
    facts: [] as Fact[],
    views: [] as ViewRequest[],
    endedViews: [] as string[],
    viewing: new Set<string>(),
    locks: [] as TestApi["locks"],
    status: { disk: null, keepDays: 90, leastFreePercent: 10, faults: [] } as HubStatus,
    alarms: [] as TestApi["alarms"],
    places: {
      areasOf: (id: PillarId): readonly AreaId[] => (id === PILLAR ? AREAS_OF_PILLAR : [ROOT_AREA]),
    },
    past: [] as NumberedEvent[],
    signs: [] as string[],
    revocations: [] as TestApi["revocations"],
    outcome: { ok: true, incident } as Outcome,
    ended: { ok: true } as Ended,
    viewAnswer: { ok: true, sessionId: "3".repeat(32), sdp: "v=0\r\nanswer" } as ViewAnswer,
    health: [] as HealthCheck[],
    media: [] as MediaStatus[],
    recordingState: "recording" as Recording["state"],
    onAlarm: async () => ({ outcome: "held" }) as AlarmAnswer,
    onRecord: async () => {},
    onHealth: () => {},
  };
  const app = await buildApi({
    config: HubConfig.parse({ dataDir: dir, areas: AREAS }),
    authority,
    accounts,
    enrolments,
    reads: readsOf(dir, state.past, () => test.recordingState),
    hub: {
      order: async (...[id, order, by, key]) => {
        if (id !== INCIDENT) return notHere;
        state.orders.push({ order, by, key });
        return test.outcome;
      },
      lock: async (...[id, order, by, key]) => {
        if (id !== INCIDENT) return notHere;
        state.locks.push({ order, by, key });
        return test.outcome;
      },
      status: () => test.status,
      command: async (_id, { command }) => ({ ok: command.name !== "self-test", detail: "sent" }),
      revoke: async (...[id, request, by, key]) => {
        if (id !== PILLAR) return notHere;
        state.revocations.push({ request, by, key });
        return test.ended;
      },
      areasOf: (id) => state.places.areasOf(id),
      pillarsIn: (area) => (AREAS_OF_PILLAR.includes(area) ? [PILLAR] : []),
      mayRenew: () => Promise.resolve({ ok: false, detail: "no renewals here" }),
      view: async (request) => {
        const isHere =
          request.purpose === "call"
            ? request.incidentId === INCIDENT
            : request.pillarId === PILLAR;
        if (!isHere) return notHere;
        state.views.push(request);
        return test.viewAnswer;
      },
      endView: (id) => void state.endedViews.push(id),
      viewingSessions: () => state.viewing,
      endViewsOf: (id) => {
        if (state.viewing.delete(id)) state.endedViews.push(id);
      },
      record: async (facts) => {
        await test.onRecord();
        state.facts.push(...facts);
      },
      sawConsole: (username, sign) => void state.signs.push(`${username} ${sign}`),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    events: {
      onConnected: () => {},
      onDisconnected: () => {},
      onBroker: () => {},
      onMessage: async (pillarId, message, via) => {
        state.alarms.push({ pillarId, message, via });
        return await test.onAlarm();
      },
    },
    media: () => test.media,
    health: async () => {
      test.onHealth();
      return test.health;
    },
    journal: () => JOURNAL,
    consoleDir: join(dir, "console"),
    log: keptLog().log,
    ...overrides,
  });
  const test: TestApi = Object.assign(state, {
    app,
    dir,
    authority,
    enrolments,
    accounts,
    publish: (event: NumberedEvent) => {
      for (const listener of listeners) listener(event);
    },
    subscribers: () => listeners.size,
    signIn: async (role: Role) => {
      const known = tokenByRole.get(role);
      if (known) return known;
      const payload = { username: role, password: "demo" };
      const answer = await app.inject({ method: "POST", url: "/api/v1/sessions", payload });
      const { token } = answer.json<{ token: string }>();
      tokenByRole.set(role, token);
      return token;
    },
    as: (async (...[role, method, url, more]: Parameters<TestApi["as"]>) => {
      const { headers, ...rest } = (more ?? {}) as { headers?: object };
      const authorization = `Bearer ${await test.signIn(role)}`;
      return await app.inject({ method, url, headers: { authorization, ...headers }, ...rest });
    }) as TestApi["as"],
    listen: async () => {
      await app.listen({ host: "127.0.0.1", port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
    close: async () => {
      await app.close();
      accounts.close();
      enrolments.close();
      await rm(dir, { recursive: true, force: true });
    },
  });
  return test;
}

const notHere = { ok: false, code: "not-found", detail: "it is not here" } as const;

function readsOf(
  dir: string,
  past: readonly NumberedEvent[],
  recordingState: () => Recording["state"],
): ReadModels {
  return {
    incidents: async (_query, of) => ({
      items: !of || of.includes(PILLAR) ? [incident] : [],
      next: null,
    }),
    incident: async (id) => (id === INCIDENT ? incident : undefined),
    timeline: async (id) => (id === INCIDENT ? { items: [], next: null } : undefined),
    pillars: async () => [pillar],
    pillar: async (id) => (id === PILLAR ? pillar : undefined),
    recordings: async () => [recording],
    recording: async (id) =>
      id === RECORDING
        ? { ...recording, state: recordingState(), path: join(dir, "recording.mp4") }
        : undefined,
    audit: async () => ({ items: [], next: null }),
    eventsAfter: async (index, limit) => {
      const oldest = past[0]?.index ?? 0;
      if (index < oldest - 1) return undefined;
      return past.filter((event) => event.index > index).slice(0, limit);
    },
  };
}
