/**
 * Keeps this pillar's certificate young: asks in good time,
 * stores what comes, and shows it when nobody calls.
 *
 * It shares nothing with the alarm path but the identity and one fault. The connection is made anew
 * only while the pillar is at rest; until then the present certificate does.
 */
import { reasonOf } from "../adapters/host/failure.ts";
import type { OwnIdentity } from "../adapters/identity/identity.ts";
import type { Clock } from "../adapters/host/system-clock.ts";
import type { TlsPair } from "../adapters/identity/tls-pair.ts";
import type { Told } from "../core/events.ts";
import { mayBeDue, nextLook, troubleOf, type Calendar } from "../core/renewal.ts";
import type { Log } from "./shell.ts";

/** The first look after a start, spread over the pillars of a city that start together. */
const FIRST_LOOK_MS = 60_000;
/** While a new certificate waits to be shown. */
const CALM_EVERY_MS = 5000;
/** By then the hub is asked once more, with the new certificate. */
const PROVE_WITHIN_MS = 60_000;

export interface RenewalWorld {
  readonly identity: OwnIdentity;
  readonly clock: Clock;
  readonly ask: () => Promise<TlsPair | undefined>;
  /** Nobody calls, and nothing waits for the hub. */
  readonly isCalm: () => boolean;
  readonly startAnew: (reason: string) => void;
  readonly tell: (told: Told) => void;
  readonly log: Log;
  /** Another one only in tests. */
  readonly firstLookMs?: number | undefined;
}

/** Returns the way to stop. */
export function keepCertificate(world: RenewalWorld): () => void {
  let timer: NodeJS.Timeout;
  let failures = 0;
  let isProven = true;
  let isStopped = false;
  const wait = (work: () => void, ms: number): void => {
    if (isStopped) return;
    timer = setTimeout(work, ms);
    // A look at a certificate keeps nobody alive.
    timer.unref();
  };
  const lookLater = (): void => wait(() => void look(), nextLook(failures, Math.random()));
  const show = (): void => {
    if (!world.isCalm()) return wait(show, CALM_EVERY_MS);
    world.startAnew("its certificate was renewed");
    if (isProven) lookLater();
    else wait(() => void look(), PROVE_WITHIN_MS * Math.random());
  };
  const look = async (): Promise<void> => {
    const isDue = mayBeDue(world.identity.validity(), calendarOf(world.clock));
    if (isProven && !isDue) return lookLater();
    const outcome = await renew(world);
    failures = outcome === "failed" ? failures + 1 : 0;
    // Behind an external broker the hub sees certificates only
    // over HTTPS: one more request shows it the new one.
    if (outcome !== "failed") isProven = outcome === "not-due" || !isProven;
    if (outcome === "renewed") show();
    else lookLater();
  };
  wait(() => void look(), (world.firstLookMs ?? FIRST_LOOK_MS) * Math.random());
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

export const calendarOf = (clock: Clock): Calendar => ({
  wallMs: clock.wallMs(),
  isClockSynced: clock.isSynced(),
});

async function renew(world: RenewalWorld): Promise<"renewed" | "not-due" | "failed"> {
  const { identity, clock, tell, log } = world;
  try {
    const pair = await world.ask();
    tell({ type: "renewal-troubled", detail: undefined });
    if (!pair) {
      log.debug("renewal: the hub says that it is not time");
      return "not-due";
    }
    identity.replaceTls(pair);
    const until = new Date(identity.validity().until).toISOString();
    log.info(`renewal: the certificate is renewed until ${until}`);
    return "renewed";
  } catch (error) {
    const reason = reasonOf(error);
    log.warn(`renewal: the certificate could not be renewed: ${reason}`);
    const detail = troubleOf(identity.validity(), calendarOf(clock), reason);
    tell({ type: "renewal-troubled", detail });
    return "failed";
  }
}
