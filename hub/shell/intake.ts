/**
 * How an event or a fact goes through the loop: decided, durable, then performed, told to the
 * consoles and logged.
 *
 * When the journal fails nothing is promised: alarms are told to every console as unrecorded,
 * pillars get no receipt and keep asking, and the journal is opened again until it holds.
 */
import type { Logger } from "pino";
import type { HubEvent } from "../core/events.ts";
import type { Settled } from "../core/decision.ts";
import type { Fact } from "../core/facts.ts";
import { FIRST_RECOVERY_MS, recoveryAfter } from "../core/line.ts";
import type { JournalReserve } from "../storage/journal-reserve.ts";
import type { ConsoleFeed } from "./console-feed.ts";
import type { Prepared, Taken } from "./effects.ts";
import { logFacts } from "./incident-log.ts";
import type { Loop } from "./loop.ts";

export interface IntakeOptions {
  readonly loop: Loop;
  readonly feed: ConsoleFeed;
  readonly reserve: Pick<JournalReserve, "release">;
  /** Prepares the effects of a decision. */
  readonly prepare: (settled: Settled) => Prepared;
  /** The journal holds again. */
  readonly onRecovered: () => void;
  readonly log: Logger;
}

export interface Intake {
  /**
   * Resolves when its facts are durable and its effects
   * performed; rejects when they could not be written.
   */
  take(event: HubEvent): Promise<Taken>;
  /** Facts that need no decision. */
  record(facts: readonly Fact[]): Promise<void>;
  /** `take`, for what nobody waits for. */
  tell(event: HubEvent): void;
  /** The journal is not opened again after this. */
  stop(): void;
}

interface IntakeState extends IntakeOptions {
  recovery: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

export function createIntake(options: IntakeOptions): Intake {
  const intake: IntakeState = { ...options, recovery: undefined, isStopped: false };
  return {
    take: (event) => take(intake, event),
    record: (facts) =>
      guarded(intake, () => intake.loop.record(facts, (settled) => prepared(intake, settled))),
    tell: (event) => {
      take(intake, event).catch((error: unknown) => {
        intake.log.debug({ error }, `${event.type} was not taken in: ${String(error)}`);
      });
    },
    stop: () => {
      intake.isStopped = true;
      clearTimeout(intake.recovery);
    },
  };
}

function prepared({ prepare, feed, log }: IntakeState, settled: Settled): Prepared {
  const effects = prepare(settled);
  const performAndTell = (): void => {
    effects.perform();
    feed.tell(settled.facts, settled.first);
    try {
      logFacts(log, settled.facts);
    } catch (error) {
      // A line of the log must not make an alarm look unrecorded that is.
      log.error({ error }, `${settled.facts.length} facts were not logged: ${String(error)}`);
    }
  };
  return { ...effects, perform: performAndTell };
}

async function take(intake: IntakeState, event: HubEvent): Promise<Taken> {
  let decision: Taken | undefined;
  await guarded(intake, () =>
    intake.loop.take(event, (settled) => {
      const outgoing = prepared(intake, settled);
      const { accepted } = outgoing;
      decision = { ...settled, ...(accepted && { accepted }) };
      return outgoing;
    }),
  );
  if (!decision) throw new Error(`bug: ${event.type} was taken and not settled`);
  return decision;
}

/** Any failure to write starts the recovery, once. */
async function guarded(intake: IntakeState, work: () => Promise<void>): Promise<void> {
  const { loop, feed, log } = intake;
  try {
    await work();
  } catch (error) {
    if (loop.failure() && !intake.recovery && !intake.isStopped) {
      log.error({ error }, `${String(error)}; nothing is accepted until it can be`);
      feed.notify({ level: "error", code: "journal-failing", detail: String(error) });
      recoverIn(intake, FIRST_RECOVERY_MS);
    }
    throw error;
  }
}

function recoverIn(intake: IntakeState, delayMs: number): void {
  intake.recovery = setTimeout(() => {
    recover(intake, delayMs).catch((error: unknown) => {
      intake.log.error({ error }, `bug in the recovery of the journal: ${String(error)}`);
    });
  }, delayMs);
}

async function recover(intake: IntakeState, delayMs: number): Promise<void> {
  const { loop, feed, reserve, log } = intake;
  try {
    reserve.release();
    await loop.recover();
  } catch (error) {
    log.error({ error }, `the journal still fails: ${String(error)}`);
    if (!intake.isStopped) recoverIn(intake, recoveryAfter(delayMs));
    return;
  }
  intake.recovery = undefined;
  log.info("the journal holds again; alarms are accepted");
  feed.notify({ level: "info", code: "journal-recovered", detail: "" });
  intake.onRecovered();
}
