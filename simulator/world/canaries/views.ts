/** Canaries of who may watch and talk, and until when. */
import type { Effect } from "../../../device/core/events.ts";
import type { Grant } from "../../../device/core/state/grant-state.ts";
import type { ViewEffect } from "../../../hub/core/view/view-events.ts";
import type { Instant } from "../../../shared/duration.ts";
import { MediaId, type GrantId } from "../../../shared/ids.ts";
import { HONEST } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

export const VIEW_CANARIES: readonly Canary[] = [
  {
    name: "view-survives-session",
    story: "whoever was signed out, disabled or given another role goes on watching and talking",
    firstSeed: 2,
    rules: () => withRules({ endSignIn: () => undefined }),
  },
  {
    name: "view-survives-incident",
    story: "views go on when their incident is closed, handed over or its pillar revoked",
    firstSeed: 2,
    rules: () =>
      withRules({
        decideView: (views, event, known) =>
          event.type === "incident-over" ? [] : HONEST.decideView(views, event, known),
      }),
  },
  {
    name: "view-ends-with-any-media",
    story: "the end of one media process ends the views of all pillars",
    firstSeed: 5,
    rules: () =>
      withRules({
        decideView: (views, event, known) => {
          if (event.type !== "media-ready") return HONEST.decideView(views, event, known);
          const alone = { ...known, settings: { ...known.settings, mediaProcesses: 1 } };
          return HONEST.decideView(views, { ...event, mediaId: MediaId.parse(1) }, alone);
        },
      }),
  },
  {
    name: "view-of-anybody",
    story: "a technician is given the picture of a call",
    firstSeed: 2,
    rules: () =>
      withRules({
        decideView: (views, event, known) => {
          if (event.type !== "view-asked") return HONEST.decideView(views, event, known);
          const { wish } = event;
          const asOperator = {
            ...event,
            wish: { ...wish, by: { ...wish.by, role: "operator" } },
          } as const;
          const effects = HONEST.decideView(views, asOperator, known);
          return effects.map((one) => (one.type === "offer-view" ? { ...one, wish } : one));
        },
      }),
  },
  {
    name: "look-into-a-call",
    story: "whoever looks at a pillar goes on looking when somebody presses there",
    firstSeed: 2,
    rules: () =>
      withRules({
        decideView: (views, event, known) =>
          HONEST.decideView(views, event, { ...known, openByKey: new Map() }),
      }),
  },
  {
    name: "look-before-its-name",
    story: "the pillar opens its gate for somebody whom the journal does not name yet",
    firstSeed: 2,
    rules: () =>
      withRules({
        decideView: (views, event, known) => {
          const effects = HONEST.decideView(views, event, known);
          return event.type === "view-asked" ? effects.flatMap(grantedAtOnce) : effects;
        },
      }),
  },
  {
    name: "gate-stays-open",
    story: "a pillar does not end a grant with its time, and hears no end of it",
    firstSeed: 2,
    rules: () =>
      withRules({
        step: (agent, event) => {
          if (event.type !== "command-received") return HONEST.step(agent, event);
          const { command } = event.body;
          if (command.name === "end-grant") return { state: agent, effects: [] };
          const { state, effects } = HONEST.step(agent, event);
          const grants = { ...state.grants, live: new Map([...state.grants.live].map(forEver)) };
          return { state: { ...state, grants }, effects };
        },
      }),
  },
  {
    name: "gate-behind-a-dark-lamp",
    story: "a pillar opens its gate for a look, and its lamp says nothing of it",
    firstSeed: 2,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const { state, effects } = HONEST.step(agent, event);
          const isSaid = ({ type, ...one }: Effect): boolean =>
            type === "lamp" && "pattern" in one && one.pattern === "watched";
          return { state, effects: effects.filter((effect) => !isSaid(effect)) };
        },
      }),
  },
];

/** As if the journal had it already. */
function grantedAtOnce(effect: ViewEffect): ViewEffect[] {
  if (effect.type !== "offer-view" || effect.wish.purpose === "call") return [effect];
  const { id, pillarId, wish } = effect;
  return [effect, { type: "grant-look", id, pillarId, purpose: wish.purpose, seconds: 30 }];
}

const forEver = ([id, grant]: readonly [GrantId, Grant]): [GrantId, Grant] => [
  id,
  { ...grant, until: Number.MAX_SAFE_INTEGER as Instant },
];
