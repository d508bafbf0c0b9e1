/**
 * The effects of the hub's core, performed in order.
 *
 * Power may fail between any two of them; what is then not yet said was not promised.
 */
import type { Settled } from "../../../hub/core/decision.ts";
import type { HubEffect } from "../../../hub/core/events.ts";
import { commandBody, type Addressed } from "../../../hub/core/told/command.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { CommandId, PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { CallBody } from "../../../shared/protocol/call.ts";
import type { DownMessage } from "../../../shared/protocol/messages.ts";
import { expel } from "../network/link.ts";
import { sendDown } from "../network/network.ts";
import { signWith } from "../seal.ts";
import type { AnswerRequest, HubWorld } from "./hub-state.ts";

/** A decision that is durable. */
export interface Durable extends Settled {
  /** Of the request by HTTPS that brought the alarm. */
  readonly answer?: AnswerRequest | undefined;
}

export function performAll(world: HubWorld, settled: Durable): void {
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
  { effect, settled }: { readonly effect: HubEffect; readonly settled: Durable },
): void {
  const { hub } = world;
  switch (effect.type) {
    case "accept": {
      const { eventId, pillarId, sessionNonce } = effect;
      const { hubEpoch, numbering } = hub;
      const issuer = { hubEpoch, hubRun: numbering.hubRun };
      const receipt = world.rules.receiptFor(effect, settled, issuer);
      const message = { v: 1, receipt, sig: signWith("key of the hub", receipt) } as const;
      judgeTold(world, pillarId, undefined);
      judgeReceipt(world, receipt);
      world.note("hub", "accepted sent", eventId);
      settled.answer?.({ accepted: message });
      if (sessionNonce) sendTo(world, pillarId, { channel: "accepted", message });
      return;
    }
    case "tell-pillar":
      return tellCall(world, effect);
    case "ask-resend": {
      const { pillarId, fromSeq } = effect;
      const commandId = hub.chance.hex(128) as CommandId;
      world.coverage.count("resend-asked");
      world.note("hub", "resend asked", `${pillarId} from ${fromSeq}`);
      return sendCommand(world, world.rules.resendOf(effect), commandId);
    }
    case "call-external":
      return callOutside(world, effect);
    case "start-recording":
    case "stop-recording":
    case "refuse":
      return;
    case "end-views":
      return world.views.end(effect.incidentId, effect.who);
    case "review-views":
      return world.views.reviewOf(effect.pillarId);
    case "expel-pillar":
      return expelPillar(world, effect);
    default:
      assertNever(effect);
  }
}

export function sendCommand(world: HubWorld, to: Addressed, commandId: CommandId): void {
  const body = commandBody(to, { commandId, issuedWallMs: world.hub.clock.wall() });
  const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
  judgeTold(world, to.pillarId, to.sessionNonce);
  sendTo(world, to.pillarId, { channel: "command", message });
}

function tellCall(world: HubWorld, effect: Extract<HubEffect, { type: "tell-pillar" }>): void {
  const { hub, rules } = world;
  const body = rules.callFor(hub.numbering, hub.state, effect);
  if (!body) return;
  judgeTold(world, body.pillarId, body.sessionNonce);
  sendCall(world, body);
}

type Expulsion = Extract<HubEffect, { type: "expel-pillar" }>;

/** The last words of the session, then its connection ends; that to another's broker goes on. */
function expelPillar(world: HubWorld, expulsion: Expulsion): void {
  const { hub, coverage, rules } = world;
  const { pillarId, sessionNonce } = expulsion;
  for (const body of rules.lastWords(hub.numbering, pillarId, expulsion)) {
    coverage.count("last-words-said");
    sendCall(world, body);
  }
  if (sessionNonce) hub.endedSessions.add(sessionNonce);
  coverage.count("pillar-expelled");
  world.views.reviewOf(pillarId);
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

/** A receipt names the place of its alarm in the journal, and the journal has it there. */
function judgeReceipt(world: HubWorld, { eventId, journalIndex }: Receipt): void {
  const places = world.hub.alarmsByKey.get(eventId) ?? [];
  if (places.some(({ index }) => index === journalIndex)) return;
  const reason = `a receipt names fact ${journalIndex}, where its alarm ${eventId} is not`;
  world.happened({ type: "broken", at: world.scheduler.now(), actor: "hub", reason });
}

function sendCall(world: HubWorld, body: CallBody): void {
  const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
  sendTo(world, body.pillarId, { channel: "call", message });
}

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
