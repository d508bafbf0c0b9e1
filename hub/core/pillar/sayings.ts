/** What screens, the audit and the log make of the facts of a pillar. */
import type { PillarId } from "../../../shared/ids.ts";
import type { FactOf } from "../facts.ts";
import { notification, UNSAID, type LogLine, type Sayings, type Subject } from "../part.ts";
import type { PillarHistory } from "./kinds.ts";

interface OfPillar {
  readonly pillarId: PillarId;
}

const pillarSubject = ({ pillarId }: OfPillar): readonly Subject[] => [
  { type: "pillar", id: pillarId },
];

const pillarLine = (level: LogLine["level"], { pillarId }: OfPillar, text: string): LogLine => ({
  level,
  text: `pillar ${pillarId} ${text}`,
  fields: { pillarId },
});

const CHANGE = { ...UNSAID, subjects: pillarSubject };

export const PILLAR_SAYINGS: Sayings<PillarHistory> = {
  "pillar-registered": CHANGE,
  "pillar-enrolled": CHANGE,
  "certificate-renewed": CHANGE,
  "certificate-adopted": CHANGE,
  "certificate-expired": CHANGE,
  "pillar-revoked": {
    subjects: (f) => [...pillarSubject(f), notification("warning", f.type, f.pillarId)],
    timeline: ({ reason }) => ({ kind: "revocation", reason }),
    audit: "order",
    log: (f) => pillarLine("warn", f, `was revoked by ${f.by}: ${f.reason}`),
  },
  "pillar-session-ended": CHANGE,
  "pillar-started": CHANGE,
  "presence-changed": { ...CHANGE, log: (f) => pillarLine("info", f, `is ${f.presence}`) },
  "pillar-fault": {
    ...CHANGE,
    subjects: (f) => [...pillarSubject(f), ...ledgerNews(f)],
    log: (f) => pillarLine("warn", f, `${f.isActive ? "has" : "is free of"} ${f.code}`),
  },
  "pillar-cloned": {
    ...CHANGE,
    subjects: (f) => [...pillarSubject(f), notification("error", f.type, f.pillarId)],
    log: (f) => pillarLine("error", f, `may be two: ${f.detail}`),
  },
  "grid-lost": {
    ...UNSAID,
    subjects: (f) => [notification("error", "grid-lost", gridWords(f))],
    log: ({ grid, count }) => ({
      level: "error",
      text: `grid ${grid}: all ${count} pillars are lost`,
      fields: { grid },
    }),
  },
  "grid-back": {
    ...UNSAID,
    subjects: (f) => [notification("info", "grid-back", gridWords(f))],
  },
};

const ledgerNews = ({ code, isActive, pillarId }: FactOf<"pillar-fault">): readonly Subject[] =>
  (code === "ledger-forked" || code === "ledger-lost") && isActive
    ? [notification("error", code, pillarId)]
    : [];

const gridWords = ({ grid, count }: FactOf<"grid-lost" | "grid-back">): string =>
  `${grid} (${count})`;
