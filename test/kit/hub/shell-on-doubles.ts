/**
 * A real shell on a real journal, with a false link, a false media process and a false authority.
 *
 * `restart` ends it like a crash does for the core: nothing is carried over but the data directory.
 */
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Role } from "../../../shared/api/session.ts";
import { NO_GAPS } from "../../../shared/api/recording-gap.ts";
import {
  MediaId,
  SessionNonce,
  type PillarId,
  type Signature,
  type Username,
} from "../../../shared/ids.ts";
import type { DownMessage } from "../../../shared/protocol/messages.ts";
import type { Via } from "../../../hub/core/incident/kinds.ts";
import { DEFAULT_ESCALATION } from "../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../hub/core/incident/priority-settings.ts";
import type { RetentionSettings } from "../../../hub/core/state/storage-state.ts";
import type { HubSettings } from "../../../hub/core/state/hub-state.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import type { IdentityRegister } from "../../../hub/identity/identities.ts";
import type { Webhook } from "../../../hub/settings/incidents.ts";
import type { AboutPillar, FromMedia } from "../../../hub/media/ipc.ts";
import type { Actor, AlarmAnswer, Journal, MediaNews, NumberedEvent } from "../../../hub/ports.ts";
import type { Inspected } from "../../../hub/media/control/recordings.ts";
import { hear } from "../../../hub/core/hear.ts";
import { createShell, type Shell } from "../../../hub/shell/shell.ts";
import { FAR_AHEAD, newAlarm, pillar, type AlarmDetails } from "../core/hub-core-street.ts";
import { tempDir } from "../journal/directory.ts";
import { waitFor } from "../run/wait.ts";

export const person = (name: string, role: Role = "operator"): Actor => ({
  username: name as Username,
  displayName: name,
  role,
  scope: ROOT_AREA,
});

/** The session a test's views belong to, where it does not matter. */
export const SIGNED_IN = { signInId: "session-1", from: "127.0.0.1" } as const;

export interface FalseHub {
  readonly dataDir: string;
  shell: Shell;
  journal: Journal;
  /** What went down to pillars, in order. */
  readonly sent: { readonly pillarId: PillarId; readonly message: DownMessage }[];
  /** Pillars whose connection the hub closed. */
  readonly dropped: PillarId[];
  readonly toMedia: AboutPillar[];
  readonly events: NumberedEvent[];
  /** Of the first media process, unless told otherwise. */
  fromMedia(message: FromMedia | { readonly type: "ended" }, mediaId?: number): void;
  press(details?: AlarmDetails & { readonly via?: Via }): Promise<AlarmAnswer | undefined>;
  /** Until `restart`. */
  stop(): Promise<void>;
  restart(more?: { readonly retention?: RetentionSettings }): Promise<void>;
}

export interface FalseHubOptions {
  readonly inspect?: (path: string) => Promise<Inspected>;
  readonly settings?: Partial<HubSettings>;
  readonly webhooks?: readonly Webhook[];
  readonly wrap?: (journal: Journal) => Journal;
  /** Made anew at each start. */
  readonly register?: (dataDir: string) => IdentityRegister;
}

export async function newHub(options: FalseHubOptions = {}): Promise<FalseHub> {
  const dataDir = tempDir();
  let retention: RetentionSettings | undefined;
  const listeners: ((news: MediaNews) => void)[] = [];
  const hub: Omit<FalseHub, "shell" | "journal"> & Partial<FalseHub> = {
    dataDir,
    sent: [],
    dropped: [],
    toMedia: [],
    events: [],
    fromMedia: (message, mediaId = 1) =>
      listeners.at(-1)?.({ ...message, mediaId: MediaId.parse(mediaId) }),
    press: async ({ via = "mqtt", ...details } = {}) => {
      if (via === "mqtt") showSession(running());
      const alarm = newAlarm(pillar(0), details);
      const session = via === "mqtt" ? { sessionNonce: SESSION } : {};
      const message = { channel: "alarm", message: { ...alarm, ...session } } as const;
      return await running().shell.linkEvents.onMessage(pillar(0), message, via);
    },
    stop: () => stop(),
    restart: async ({ retention: wanted } = {}) => {
      retention = wanted;
      await stop();
      await start();
    },
  };
  const running = (): FalseHub => hub as FalseHub;
  const start = async (): Promise<void> => {
    const journalFile = join(dataDir, "journal.db");
    const journal = (options.wrap ?? ((given) => given))(await openJournal(journalFile));
    hub.journal = journal;
    const shell = await createShell({
      dataDir,
      journalFile,
      journal,
      settings: {
        escalation: DEFAULT_ESCALATION,
        priority: DEFAULT_PRIORITY,
        maxOpen: 100,
        mediaProcesses: 1,
        ...options.settings,
      },
      ...(retention && { retention }),
      maxViewers: 2,
      webhooks: options.webhooks ?? [],
      authority: {
        sign: () => "s".repeat(86) as Signature,
        verify: (_key, _text, signature) => !signature.startsWith("forged"),
      },
      link: {
        send: (pillarId, message) => void hub.sent?.push({ pillarId, message }),
        drop: (pillarId) => void hub.dropped?.push(pillarId),
      },
      media: {
        send: (message) => void hub.toMedia?.push(message),
        start: (listener) => void listeners.push(listener),
        status: () => [],
        close: () => Promise.resolve(),
      },
      ...(options.register && { register: options.register(dataDir) }),
      inspect:
        options.inspect ??
        (() => Promise.resolve({ durationMs: 1234.5, bytes: 99, gaps: NO_GAPS, cameras: [] })),
      log: pino({ level: "silent" }),
    });
    shell.start();
    await shell.reconcileIdentities();
    shell.commands.subscribe((event) => void hub.events?.push(event));
    hub.shell = shell;
  };
  const stop = async (): Promise<void> => {
    const { shell } = hub;
    delete hub.shell;
    await shell?.stop();
  };
  await start();
  onTestFinished(stop);
  await enrol(running());
  return running();
}

async function enrol({ shell }: FalseHub): Promise<void> {
  const at = Date.now();
  const pillarId = pillar(0);
  const place = { name: "东门", grid: "g", address: "", position: null };
  const keys = { certificateSerial: "1", alarmPublicKey: "key", certificateExpiresAt: FAR_AHEAD };
  await shell.commands.record([
    { type: "pillar-registered", at, pillarId, ...place },
    { type: "pillar-enrolled", at, pillarId, ...keys },
  ]);
}

const SESSION = SessionNonce.parse("5".repeat(32));

/** As its first heartbeat does: what it is told is signed for this session. */
function showSession({ shell }: FalseHub): void {
  const state = shell.loop.state();
  const at = Date.now();
  if (!state.heard.contacts.has(pillar(0))) {
    const connected = { type: "pillar-connected", at, pillarId: pillar(0) } as const;
    hear(state, connected, state.heard.clock.nowMs);
  }
  const contact = state.heard.contacts.get(pillar(0));
  if (contact) contact.sessionNonce ??= SESSION;
}

/** What the pillar was told, in words. */
export function told(hub: FalseHub): string[] {
  return hub.sent.map(({ message }) => {
    if (message.channel === "accepted") return `accepted ${message.message.receipt.seq}`;
    if (message.channel === "call") {
      const { status, by } = message.message.body.call;
      return by ? `${status} ${by}` : status;
    }
    return message.channel;
  });
}

export const incidents = (hub: FalseHub) => [...hub.shell.loop.state().incidents.values()];

export async function onlyIncident(hub: FalseHub) {
  const [incident] = await waitFor(() => {
    const found = incidents(hub);
    if (found.length !== 1) throw new Error(`expected one incident, found ${found.length}`);
    return found;
  });
  return incident!;
}
