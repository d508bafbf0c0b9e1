/** Canaries of what a stranger at the broker sends: forged, and repeated. */
import { UNHEARD } from "../../../device/core/state/heeded-state.ts";
import { HONEST } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

export const STRANGER_CANARIES: readonly Canary[] = [
  {
    name: "forged-call-believed",
    story: "the pillar believes what it is told whoever has signed it",
    firstSeed: 7,
    rules: () => withRules({ toldByLink: (down) => HONEST.toldByLink(down, () => true) }),
  },
  {
    name: "repeated-call-believed",
    story: "the pillar asks neither for which session nor in which order it is told",
    firstSeed: 7,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const { link } = agent;
          if (event.type !== "call-told" || link.phase !== "up") return HONEST.step(agent, event);
          const { sessionNonce } = link;
          const body = { ...event.body, sessionNonce };
          return HONEST.step({ ...agent, heeded: UNHEARD }, { ...event, body });
        },
      }),
  },
  {
    name: "repeated-command-performed",
    story: "the pillar remembers no command that it has performed",
    firstSeed: 59,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const commands = { ...agent.commands, seen: [] };
          return HONEST.step({ ...agent, commands }, event);
        },
      }),
  },
  {
    name: "repeated-receipt-believed",
    story: "the pillar takes a receipt over the link in whatever session and of whatever run it is",
    firstSeed: 7,
    rules: () =>
      withRules({
        step: (agent, event) =>
          HONEST.step(agent, event.type === "accepted" ? { ...event, via: "https" } : event),
      }),
  },
];
