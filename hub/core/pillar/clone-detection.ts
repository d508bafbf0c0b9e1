/**
 * Whether one identity is used by one machine, or by several.
 *
 * A machine's boot number only goes up, and each boot happened at one moment. So a boot number that
 * goes back, a boot that was followed by another and sends again, and connections that keep closing
 * each other (with the hub's own broker, which sees connections) each show a second machine, or a
 * copy of an old one. Nothing here refuses anything: what is found makes the messages of both
 * doubtful.
 *
 * Limit: two copies started in the same seconds are only found by the connections they close for
 * each other. One machine on a line that fails every few seconds may close its own dead connection
 * several times in a row, so that counts only when it comes as quickly as two machines bring it.
 */
import type { SessionNonce } from "../../../shared/ids.ts";
import type { Heartbeat } from "../../../shared/protocol/heartbeat.ts";
import type { CloneWatch, Session } from "../state/heard-state.ts";

/** A delayed message makes a boot look later by up to this. */
const SAME_BOOT_MS = 5000;
/** A lower boot number is believed when a later heartbeat has it too. */
export const CONFIRM_AFTER_MS = 4000;
/** One delayed message is not a pattern: it is forgotten after so long. */
const FORGIVEN_AFTER_MS = 600_000;
/** A machine without a boot counter sends its clock's time: so large a number is not a count. */
const MOST_BOOTS = 100_000_000;
/** Sessions remembered; older ones add nothing. */
const MAX_SESSIONS = 4;
const FIGHT_MS = 30_000;
/**
 * In a row: when a technician starts a second agent for a moment, it closes the agent's connection,
 * and the agent's next connection finds none.
 */
const FIGHT_ROUNDS = 8;

export const isCounted = (bootEpoch: number): boolean => bootEpoch < MOST_BOOTS;

export const newCloneWatch = (enrolments: number, bootEpoch: number): CloneWatch => ({
  enrolments,
  sessions: [],
  highestEpoch: isCounted(bootEpoch) ? bootEpoch : 0,
  backSince: null,
  takenOverAt: [],
  suspicion: undefined,
});

/** A heartbeat of a session that has ended already says nothing about now. */
export function isFromBefore(watch: CloneWatch | undefined, nonce: SessionNonce): boolean {
  const { sessions = [] } = watch ?? {};
  return sessions.slice(0, -1).some((session) => session.nonce === nonce);
}

export function hearBoot(watch: CloneWatch, heartbeat: Heartbeat, at: number): void {
  const { sessionNonce: nonce, bootEpoch, uptimeMs } = heartbeat;
  if (isFromBefore(watch, nonce)) return;
  hearEpoch(watch, bootEpoch, at);
  const bootedAt = at - uptimeMs;
  const last = watch.sessions.at(-1);
  if (last?.nonce === nonce) {
    last.bootedAt = Math.min(last.bootedAt, bootedAt);
    return;
  }
  const session: Session = { nonce, bootEpoch, bootedAt };
  if (last && !isSameBoot(last, session)) {
    const returned = watch.sessions.slice(0, -1).some((older) => isSameBoot(older, session));
    if (returned) watch.suspicion = `boot ${bootEpoch} speaks again after another one`;
  }
  watch.sessions = [...watch.sessions, session].slice(-MAX_SESSIONS);
}

function hearEpoch(watch: CloneWatch, bootEpoch: number, at: number): void {
  if (!isCounted(bootEpoch)) return;
  if (bootEpoch >= watch.highestEpoch) {
    watch.highestEpoch = bootEpoch;
    return;
  }
  if (at - (watch.backSince ?? at) > FORGIVEN_AFTER_MS) watch.backSince = null;
  watch.backSince ??= at;
  if (at - watch.backSince < CONFIRM_AFTER_MS) return;
  const { highestEpoch } = watch;
  watch.suspicion = `expected boot ${highestEpoch} or later, found boot ${bootEpoch}`;
}

const isSameBoot = (one: Session, other: Session): boolean =>
  one.bootEpoch === other.bootEpoch && Math.abs(one.bootedAt - other.bootedAt) < SAME_BOOT_MS;

/**
 * A machine that lost its line closes its own old connection, once: its next one finds none, or one
 * as dead as the first. With two machines it goes on, because the one whose connection was closed
 * connects again.
 */
export function hearTakeover(watch: CloneWatch, at: number, hasTakenOver: boolean): void {
  if (!hasTakenOver) {
    watch.takenOverAt = [];
    return;
  }
  const recent = watch.takenOverAt.filter((time) => at - time < FIGHT_MS);
  watch.takenOverAt = [...recent, at].slice(-FIGHT_ROUNDS);
  if (watch.takenOverAt.length < FIGHT_ROUNDS) return;
  watch.suspicion = `${FIGHT_ROUNDS} times in a row a connection threw out the one before, within ${FIGHT_MS / 1000} s`;
}
