/** Canaries of the promise "the centre has received your call". */
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { HubEpoch, HubRun, IncidentId } from "../../../shared/ids.ts";
import { HONEST } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

const NOBODY = "0".repeat(32);

export const RECEIPT_CANARIES: readonly Canary[] = [
  {
    name: "accept-before-commit",
    story: "the hub sends its receipt before the journal is durable",
    firstSeed: 1,
    rules: () =>
      withRules({
        settle: (commits, decision, leave) => {
          leave();
          HONEST.settle(commits, decision, () => undefined);
        },
      }),
  },
  {
    name: "puback-trusted",
    story: "the pillar takes the broker's PUBACK for the hub's receipt",
    firstSeed: 1,
    rules: () =>
      withRules({
        acknowledged: (agent, message) => {
          if (message.channel !== "alarm") return undefined;
          const { eventId, pillarId, seq } = message.message.event;
          const receipt: Receipt = {
            v: 1,
            eventId,
            pillarId,
            seq,
            incidentId: NOBODY as IncidentId,
            hubEpoch: agent.outbox.hubEpoch ?? (NOBODY as HubEpoch),
            isOver: false,
            journalIndex: 0,
            hubRun: NOBODY as HubRun,
          };
          return { type: "accepted", receipt, via: "https" };
        },
      }),
  },
  {
    name: "end-not-in-receipt",
    story:
      "a receipt by HTTPS does not say that the call is over (and a heartbeat is answered with the latest call alone)",
    firstSeed: 75,
    rules: () =>
      withRules({
        toldByHttps: (eventId, accepted, isFromHub) => {
          const told = HONEST.toldByHttps(eventId, accepted, isFromHub);
          if (told.type !== "accepted") return told;
          return { ...told, receipt: { ...told.receipt, isOver: false } };
        },
        handle: (state, event, now) => {
          const decision = HONEST.handle(state, event, now);
          if (event.type !== "heartbeat") return decision;
          const latest = state.marks.get(event.pillarId)?.lastIncidentId;
          const effects = decision.effects.filter(
            (effect) => effect.type !== "tell-pillar" || effect.call.incidentId === latest,
          );
          return { ...decision, effects };
        },
      }),
  },
  {
    name: "receipt-of-another-alarm",
    story: "any receipt confirms the call on the lamp",
    density: "dense",
    firstSeed: 1,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const { call } = agent.call;
          if (event.type !== "accepted" || call.phase !== "calling") {
            return HONEST.step(agent, event);
          }
          const receipt = { ...event.receipt, eventId: call.eventId };
          return HONEST.step(agent, { ...event, receipt });
        },
      }),
  },
];
