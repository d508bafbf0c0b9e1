/**
 * From facts to rows: the read models, folded by the very functions the core folds with.
 *
 * One batch is folded in memory first, so an incident touched by five facts is read once and
 * written once. The caller owns the transaction.
 */
import type { Fact } from "../core/facts.ts";
import { INCIDENT_ROW } from "../core/incident/part.ts";
import type { RowFold } from "../core/part.ts";
import { PILLAR_ROW } from "../core/pillar/part.ts";
import { RECORDING_ROW } from "../core/recording/part.ts";

/** Each table of folded records, and how its part folds them. */
const ROWS = { incident: INCIDENT_ROW, pillar: PILLAR_ROW, recording: RECORDING_ROW } as const;

type Table = keyof typeof ROWS;
type RecordOf<T extends Table> = (typeof ROWS)[T] extends RowFold<infer Stored> ? Stored : never;

/** Where folded records come from. */
export type Rows = { readonly [T in Table]: (id: string) => RecordOf<T> | undefined };

/** What one batch touched. `index`: of the first fact that touched it. */
export type Touched = {
  readonly [T in Table]: Map<string, { readonly record: RecordOf<T>; readonly index: number }>;
};

export const untouched = (): Touched => ({
  incident: new Map(),
  pillar: new Map(),
  recording: new Map(),
});

export function project(rows: Rows, touched: Touched, at: { fact: Fact; index: number }): void {
  projectInto("incident", { rows, touched, ...at });
  projectInto("pillar", { rows, touched, ...at });
  projectInto("recording", { rows, touched, ...at });
}

interface Projected {
  readonly rows: Rows;
  readonly touched: Touched;
  readonly fact: Fact;
  readonly index: number;
}

function projectInto<T extends Table>(table: T, { rows, touched, fact, index }: Projected): void {
  const fold = ROWS[table] as RowFold<RecordOf<T>>;
  const id = fold.key(fact);
  if (id === undefined) return;
  const known = touched[table].get(id);
  const before = known?.record ?? rows[table](id);
  const record = fold.evolve(before, fact);
  if (!record || record === before) return;
  touched[table].set(id, { record, index: known?.index ?? index });
}
