/**
 * Mutants that no test can find, because the program does the same with them, and why.
 *
 * A row names the file, the source line, what is changed in it and what it becomes; a line that
 * changes has to be judged again.
 */
export interface Judgement {
  readonly file: string;
  /** The source line without the white space around it. */
  readonly context: string;
  readonly original: string;
  /** Left out when it is the same whatever stands there. */
  readonly replacement?: string;
  readonly because: string;
}

export const EQUIVALENT: readonly Judgement[] = [
  {
    file: "hub/core/snapshot.ts",
    context: "export const SNAPSHOT_VERSION = 9;",
    original: "9",
    replacement: "10",
    because: "written and compared with itself; an older snapshot is another version in both cases",
  },
  {
    file: "shared/protocol/alarm.ts",
    context: "STRICTNESS[other] > STRICTNESS[one] ? other : one;",
    original: ">",
    replacement: ">=",
    because: "no two kinds are equally strict, so that equal means the same kind",
  },
  {
    file: "hub/core/hear.ts",
    context:
      "contact.cloneWatch = newCloneWatch(enrolments, state.pillars.get(pillarId)?.bootEpoch ?? 0);",
    original: "0",
    replacement: "1",
    because: "boots count from 1 (heartbeat.ts), so that the first one heard is behind neither",
  },
  {
    file: "hub/core/state/heard-state.ts",
    context: "nowMs: 0,",
    original: "0",
    replacement: "1",
    because: "every event sets it before anything reads it",
  },
  {
    file: "device/core/display.ts",
    context: "if (before === next) return [];",
    original: "if (before === next) return [];",
    replacement: ";",
    because: "saves time: what is compared after it is the same in both",
  },
  {
    file: "device/core/state/agent-state.ts",
    context: 'export const BLANK: Display = { phase: "standby", zh: "", en: "", since: 0 };',
    original: '"standby"',
    because: "its words are empty, so the first step shows others whatever the phase",
  },
  {
    file: "device/core/state/agent-state.ts",
    context: 'export const BLANK: Display = { phase: "standby", zh: "", en: "", since: 0 };',
    original: '""',
    because: "one empty text is enough for the first step to show others; no other word is shown",
  },
  {
    file: "device/core/state/agent-state.ts",
    context: 'export const BLANK: Display = { phase: "standby", zh: "", en: "", since: 0 };',
    original: "0",
    because: "the first step writes its own moment before anybody reads this one",
  },
  {
    file: "device/core/call/running-call.ts",
    context: "call: { ...agent.call, call, lastEventId: newest, wasSilent, hasJustEnded: false },",
    original: "false",
    replacement: "true",
    because: "read only when no call runs, and every end of a call sets it",
  },
];
