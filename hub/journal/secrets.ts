/**
 * Facts whose words look like a camera's address with its password: by shape alone, because the hub
 * does not know the addresses. Older pillars sent them as the words of a fault.
 *
 * What is found is told by index, fact and pillar, and never shown. Addresses of webhooks
 * (`target`) are not looked at: they are the hub's own settings, and only their host is shown
 * anywhere.
 */
import type { DatabaseSync } from "node:sqlite";
import { isSealable, rowsAfter, type JournalRow } from "./chain.ts";

export interface Suspect {
  readonly index: number;
  readonly type: string;
  readonly pillarId: string | null;
  readonly isSealable: boolean;
  readonly looksLike: string;
}

/** Told one by one; the rest is counted. */
export const MAX_SUSPECTS = 1000;

/** Repetitions are bounded, so that no text takes long. */
const SHAPES: readonly (readonly [looksLike: string, shape: RegExp])[] = [
  [
    "an address with a password before its host",
    /[a-z][a-z0-9+.-]{1,15}:\/\/[^\s:/@]{0,200}:(?!\*\*\*@)[^\s@]{1,200}@/i,
  ],
  [
    "a password or key in an address",
    /(?:^|[?&/;_\s"'])(?:password|passwd|passw|pass|pwd|psw|token|secret|api_?key|access_?key|auth)(?:=|%3d)(?!\*\*\*)[^\s&]/i,
  ],
  ["a camera's address with its path", /rtsps?:\/\/[^\s/?#]{1,300}[/?#](?!\*\*\*)[^\s,;:.)"']/i],
];

const UNSEEN: ReadonlySet<string> = new Set(["target", "sig", "alarmPublicKey"]);

/** `undefined` when nothing in the text has the shape of one. */
export function secretShape(text: string): string | undefined {
  return SHAPES.find(([, shape]) => shape.test(text))?.[0];
}

export function findSecrets(database: DatabaseSync): {
  readonly count: number;
  readonly named: readonly Suspect[];
} {
  const named: Suspect[] = [];
  let count = 0;
  for (const row of rowsAfter(database, 0)) {
    const looksLike = secretIn(row);
    if (looksLike === undefined) continue;
    count += 1;
    if (named.length >= MAX_SUSPECTS) continue;
    const { idx: index, type, pillar_id: pillarId } = row;
    named.push({ index, type, pillarId, isSealable: isSealable(type), looksLike });
  }
  return { count, named };
}

function secretIn({ body }: JournalRow): string | undefined {
  if (!/:\/\/|=|%3d/i.test(body)) return undefined;
  for (const text of textsOf(body)) {
    const looksLike = secretShape(text);
    if (looksLike !== undefined) return looksLike;
  }
  return undefined;
}

/** Of a body that is no JSON: itself. */
function textsOf(body: string): readonly string[] {
  const texts: string[] = [];
  try {
    JSON.parse(body, (key, value: unknown) => {
      if (typeof value === "string" && !UNSEEN.has(key)) texts.push(value);
      return value;
    });
    return texts;
  } catch {
    return [body];
  }
}
