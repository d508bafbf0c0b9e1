/** Canaries of who may watch and talk, and until when. */
import { MediaId } from "../../../shared/ids.ts";
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
    firstSeed: 2,
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
    story: "a technician is given the picture of a call as if it were a test",
    firstSeed: 2,
    rules: () =>
      withRules({
        decideView: (views, event, known) => {
          const tests = new Map(
            [...known.incidents].map(([id, one]) => [id, { ...one, kind: "test" as const }]),
          );
          return HONEST.decideView(views, event, { ...known, incidents: tests });
        },
      }),
  },
];
