/**
 * What the writer's thread runs, as SQL text.
 *
 * Kysely compiles it, so names and types are checked against the schema; the values below only say
 * which columns there are and in which order the writer gives them.
 */
import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

export type StatementTexts = ReturnType<typeof compileStatements>;

const CHAINED = { body: "", prev_hash: "", hash: "" };
const JOURNAL = { idx: 0, at: 0, type: "", incident_id: "", pillar_id: "", ...CHAINED };
const ALARM = { idx: 0, pillar_id: "", seq: 0, event_id: "", incident_id: "", sig: "" };
const AUDIT = { idx: 0, at: 0, person: "", kind: "", incident_id: "" };
const AGED = { pressed_at: 0, opened_idx: 0, is_locked: 0, body: "" };
const INCIDENT = { id: "", pillar_id: "", state: "", ...AGED };
const RECORDING = { id: "", incident_id: "", started_idx: 0, is_kept: 0, body: "" };

const text = (query: { compile(): { readonly sql: string } }): string => query.compile().sql;

export function compileStatements(db: Kysely<Tables>) {
  return {
    addRow: text(db.insertInto("journal").values(JOURNAL)),
    addAlarm: text(db.insertInto("alarm").values(ALARM)),
    addAudit: text(db.insertInto("audit").values(AUDIT)),
    incident: text(db.selectFrom("incident").select("body").where("id", "=", "")),
    pillar: text(db.selectFrom("pillar").select("body").where("id", "=", "")),
    recording: text(db.selectFrom("recording").select("body").where("id", "=", "")),
    rowHash: text(db.selectFrom("journal").select("hash").where("idx", "=", 0)),
    head: text(db.selectFrom("journal").select(["idx", "hash"]).orderBy("idx", "desc").limit(1)),
    saveIncident: text(
      db
        .insertInto("incident")
        .values(INCIDENT)
        .onConflict((on) =>
          on.column("id").doUpdateSet((eb) => ({
            state: eb.ref("excluded.state"),
            is_locked: eb.ref("excluded.is_locked"),
            body: eb.ref("excluded.body"),
          })),
        ),
    ),
    savePillar: text(
      db
        .insertInto("pillar")
        .values({ id: "", name: "", body: "" })
        .onConflict((on) =>
          on.column("id").doUpdateSet((eb) => ({
            name: eb.ref("excluded.name"),
            body: eb.ref("excluded.body"),
          })),
        ),
    ),
    saveRecording: text(
      db
        .insertInto("recording")
        .values(RECORDING)
        .onConflict((on) =>
          on.column("id").doUpdateSet((eb) => ({
            is_kept: eb.ref("excluded.is_kept"),
            body: eb.ref("excluded.body"),
          })),
        ),
    ),
    saveSnapshot: text(
      db.replaceInto("snapshot").values({ idx: 0, hash: "", sha256: "", body: "" }),
    ),
    dropSnapshots: text(
      db
        .deleteFrom("snapshot")
        .where("idx", "not in", (inner) =>
          inner.selectFrom("snapshot").select("idx").orderBy("idx", "desc").limit(1),
        ),
    ),
  };
}
