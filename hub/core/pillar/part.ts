/** Pillars: who they are, whether they are there, what they hold and cost, what is wrong with them. */
import { assert } from "../../../shared/assert.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { Fact, PillarFact } from "../facts.ts";
import type { Part, RowFold } from "../part.ts";
import type { Budget } from "../state/budget-state.ts";
import type { HubState } from "../state/hub-state.ts";
import type { KnownAlarm } from "../state/known-alarm.ts";
import { seqKey, type LedgerMark } from "../state/ledger-mark.ts";
import type { PillarRecord } from "../state/pillar-record.ts";
import { budgetFacts, evolveBudget } from "./budget.ts";
import { certificateFacts } from "./certificate.ts";
import { gridFacts } from "./grid.ts";
import { decideConnected, decideHeartbeat, decideReport } from "./heartbeat.ts";
import type { PillarHistory, PillarSlice } from "./kinds.ts";
import { rememberAlarm, renewMark } from "./ledger.ts";
import { evolvePillar, MAX_PILLARS } from "./pillar-registry.ts";
import { presenceFacts } from "./presence.ts";
import { decideRevoke } from "./revocation.ts";
import { PILLAR_SAYINGS } from "./sayings.ts";

interface Saved {
  readonly pillars: readonly PillarRecord[];
  readonly marks: readonly (readonly [PillarId, LedgerMark])[];
  readonly alarms: readonly KnownAlarm[];
  readonly lostGrids: readonly (readonly [string, number])[];
  readonly budgets: readonly (readonly [PillarId, Budget])[];
  readonly spent: readonly PillarId[];
}

export const PILLAR_PART = {
  name: "pillar",
  initial: () => ({
    pillars: new Map(),
    marks: new Map(),
    alarms: new Map(),
    signatureBySeq: new Map(),
    signatureByEvent: new Map(),
    lostGrids: new Map(),
    budgets: new Map(),
    spent: new Set(),
  }),
  evolve,
  decide: {
    heartbeat: decideHeartbeat,
    report: decideReport,
    "pillar-connected": decideConnected,
    "revoke-order": decideRevoke,
    tick: (state, { at }) => ({
      facts: [
        ...presenceFacts(state, at),
        ...certificateFacts(state, at),
        ...budgetFacts(state, at),
        // Of what is folded: the news of a grid follows that of its pillars by one tick.
        ...(state.heard.duePillars.areGridsNow ? gridFacts(state, at) : []),
      ],
      effects: [],
    }),
  },
  save: ({ pillars, marks, alarms, lostGrids, budgets, spent }) => ({
    pillars: [...pillars.values()],
    marks: [...marks],
    alarms: [...alarms.values()],
    lostGrids: [...lostGrids],
    budgets: [...budgets],
    spent: [...spent],
  }),
  load,
  says: PILLAR_SAYINGS,
} as const satisfies Part<PillarSlice, PillarHistory, Saved>;

function load(slice: PillarSlice, saved: Saved): void {
  for (const pillar of saved.pillars) slice.pillars.set(pillar.id, pillar);
  for (const [pillarId, mark] of saved.marks) slice.marks.set(pillarId, mark);
  for (const alarm of saved.alarms) {
    slice.alarms.set(alarm.sig, alarm);
    slice.signatureBySeq.set(seqKey(alarm.pillarId, alarm.seq), alarm.sig);
    slice.signatureByEvent.set(alarm.eventId, alarm.sig);
  }
  for (const [grid, count] of saved.lostGrids) slice.lostGrids.set(grid, count);
  for (const [pillarId, budget] of saved.budgets) slice.budgets.set(pillarId, budget);
  for (const pillarId of saved.spent) slice.spent.add(pillarId);
}

const CHANGES: Readonly<Record<PillarFact["type"], true>> = {
  "certificate-adopted": true,
  "certificate-expired": true,
  "certificate-renewed": true,
  "pillar-cloned": true,
  "pillar-enrolled": true,
  "pillar-fault": true,
  "pillar-registered": true,
  "pillar-revoked": true,
  "pillar-session-ended": true,
  "pillar-started": true,
  "presence-changed": true,
};

const changesPillar = (fact: Fact): fact is PillarFact => Object.hasOwn(CHANGES, fact.type);

export const PILLAR_ROW: RowFold<PillarRecord> = {
  key: (fact) => (changesPillar(fact) ? fact.pillarId : undefined),
  evolve: (before, fact) => (changesPillar(fact) ? evolvePillar(before, fact) : before),
};

function evolve(state: HubState, fact: Fact, index: number): void {
  if (changesPillar(fact)) {
    const { pillarId } = fact;
    state.pillars.set(pillarId, evolvePillar(state.pillars.get(pillarId), fact));
    assert(state.pillars.size <= MAX_PILLARS, `more than ${MAX_PILLARS} pillars in one hub`);
    if (fact.type === "pillar-enrolled") renewMark(state, pillarId, index);
  }
  if (fact.type === "grid-lost") state.lostGrids.set(fact.grid, fact.count);
  if (fact.type === "grid-back") state.lostGrids.delete(fact.grid);
  if (fact.type === "alarm-recorded") rememberAlarm(state, fact, index);
  evolveBudget(state, fact);
}
