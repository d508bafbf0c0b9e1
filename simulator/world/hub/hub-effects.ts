/**
 * The effects of the hub's core, performed in order.
 *
 * Power may fail between any two of them; what is then not yet said was not promised.
 */
import type { Decision } from "../../../hub/core/decision.ts";
import type { HubEffect } from "../../../hub/core/events.ts";
import { sessionOf } from "../../../hub/core/pillar/session.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { CommandId, HubRun, PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { Call } from "../../../shared/protocol/call.ts";
import type { DownMessage } from "../../../shared/protocol/messages.ts";
import { expel } from "../network/link.ts";
import { sendDown } from "../network/network.ts";
import { signWith } from "../seal.ts";
import type { FallbackAnswer, HubWorld } from "./hub-state.ts";

const COMMAND_EXPIRES_MS = 10_000;

/** A decision, and the journal index of its first fact. */
export interface Settled extends Decision {
  readonly first: number;
  /** Of the request by HTTPS that brought the alarm. */
  readonly answer?: FallbackAnswer | undefined;
}

export function performAll(world: HubWorld, settled: Settled): void {
  const { hub } = world;
  const { life } = hub;
  for (const effect of settled.effects) {
    world.faults.atEffect("hub", 0);
    if (hub.life !== life) return;
    perform(world, { effect, settled });
  }
}

function perform(
  world: HubWorld,
  { effect, settled }: { readonly effect: HubEffect; readonly settled: Settled },
): void {
  const { hub } = world;
  switch (effect.type) {
    case "accept": {
      const { eventId, pillarId, seq, incidentId, isOver, sessionNonce } = effect;
      const offset = settled.facts.findIndex(({ type }) => type === "alarm-recorded");
      const journalIndex = effect.index ?? settled.first + offset;
      const { hubEpoch } = hub;
      const receipt = {
        ...({ v: 1, eventId, pillarId, seq, incidentId, isOver, hubEpoch, journalIndex } as const),
        hubRun: runOf(hub),
        ...(sessionNonce && { sessionNonce }),
      };
      const message = { v: 1, receipt, sig: signWith("key of the hub", receipt) } as const;
      judgeTold(world, pillarId, undefined);
      world.note("hub", "accepted sent", eventId);
      settled.answer?.(message, "200");
      if (sessionNonce) sendTo(world, pillarId, { channel: "accepted", message });
      return;
    }
    case "tell-pillar":
      return tellCall(world, effect);
    case "ask-resend": {
      const { pillarId, fromSeq, bootEpoch, sessionNonce } = effect;
      const body = {
        v: 1,
        commandId: hub.chance.hex(128) as CommandId,
        pillarId,
        command: { name: "resend", fromSeq },
        bootEpoch,
        sessionNonce,
        issuedWallMs: hub.clock.wall(),
        expiresInMs: COMMAND_EXPIRES_MS,
      } as const;
      world.coverage.count("resend-asked");
      world.note("hub", "resend asked", `${pillarId} from ${fromSeq}`);
      const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
      judgeTold(world, pillarId, sessionNonce);
      return sendTo(world, pillarId, { channel: "command", message });
    }
    case "call-external":
      return callOutside(world, effect);
    case "start-recording":
    case "stop-recording":
    case "refuse":
      return;
    case "end-views":
      return world.views.end(effect.incidentId, effect.who);
    case "expel-pillar":
      return expelPillar(world, effect);
    default:
      assertNever(effect);
  }
}

/**
 * As `hub/shell/pillars/pillar-messages.ts`: nothing
 * is signed for a session that has not shown itself.
 */
function tellCall(
  world: HubWorld,
  { pillarId, call }: Extract<HubEffect, { type: "tell-pillar" }>,
): void {
  const sessionNonce = sessionOf(world.hub.state, pillarId);
  if (!sessionNonce) return;
  judgeTold(world, pillarId, sessionNonce);
  sendCall(world, { pillarId, sessionNonce }, call);
}

type Expulsion = Extract<HubEffect, { type: "expel-pillar" }>;

/** The last words of the session, then its connection ends; that to another's broker goes on. */
function expelPillar(world: HubWorld, { pillarId, sessionNonce, lastCalls }: Expulsion): void {
  const { hub, coverage } = world;
  if (sessionNonce) {
    for (const call of lastCalls) {
      coverage.count("last-words-said");
      sendCall(world, { pillarId, sessionNonce }, call);
    }
    hub.endedSessions.add(sessionNonce);
  }
  coverage.count("pillar-expelled");
  if (hub.state.pillars.get(pillarId)?.revocation) hub.expelled.add(pillarId);
  const pillar = world.pillarById.get(pillarId);
  if (pillar) expel(world.network, pillar.index);
}

/**
 * Whether something is signed for a pillar that may not be told anything any more: for a session
 * that was ended, or for any session of a revoked pillar whose last words are said. `undefined`:
 * of no session.
 */
function judgeTold(
  world: HubWorld,
  pillarId: PillarId,
  sessionNonce: SessionNonce | undefined,
): void {
  const { hub } = world;
  const isOver = sessionNonce !== undefined && hub.endedSessions.has(sessionNonce);
  const isExpelled = hub.expelled.has(pillarId);
  if (!isOver && !isExpelled) return;
  world.happened({ type: "told-expelled", at: world.scheduler.now(), pillar: pillarId });
}

interface Addressee {
  readonly pillarId: PillarId;
  readonly sessionNonce: SessionNonce;
}

function sendCall(world: HubWorld, { pillarId, sessionNonce }: Addressee, call: Call): void {
  const { hub } = world;
  hub.told += 1;
  const body = {
    v: 1,
    pillarId,
    sessionNonce,
    hubRun: runOf(hub),
    number: hub.told,
    call,
  } as const;
  const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
  sendTo(world, pillarId, { channel: "call", message });
}

const runOf = ({ life }: HubWorld["hub"]): HubRun => life.toString(16).padStart(32, "0") as HubRun;

function sendTo(world: HubWorld, pillarId: PillarId, message: DownMessage): void {
  const pillar = world.pillarById.get(pillarId);
  if (pillar) sendDown(world.network, pillar.index, world.wire.down(message));
}

/** An external contact that is sometimes out of reach and sometimes never answers. */
function callOutside(
  world: HubWorld,
  { incidentId, ring, target }: Extract<HubEffect, { type: "call-external" }>,
): void {
  const { hub, scheduler } = world;
  const { life } = hub;
  world.coverage.count("called-outside");
  world.note("hub", "calls outside", `incident ${incidentId.slice(0, 6)} ring ${ring}`);
  const draw = hub.chance.next();
  if (draw < 0.1) return;
  const outcome = draw < 0.6 ? "delivered" : "failed";
  scheduler.plan(scheduler.now() + hub.chance.between(100, 9000), () => {
    if (hub.life !== life) return;
    const at = hub.clock.wall();
    const answered = { type: "external-answered", at, incidentId, ring, target } as const;
    world.takeIn({ ...answered, outcome, detail: outcome });
  });
}
