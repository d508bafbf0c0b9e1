/**
 * How often a wrong password may be tried: for one account from one address, and for one account
 * from anywhere.
 *
 * The first is for a person who has forgotten it. The second makes guessing from many addresses
 * slow, and counts only tries of devices and addresses that have never signed in to the account, so
 * that strangers cannot shut its owner out. Accounts are counted in a table of fixed size by a
 * hash, so that invented names neither fill it nor push out what is counted, and a refusal does not
 * tell whether an account exists.
 */
import { createHash, randomBytes } from "node:crypto";
import { BoundedMap } from "../../shared/bounded-map.ts";
import { addressGroup } from "../link/entrance/address-group.ts";
import { takeTurn, type Rate } from "../core/time/rate.ts";

/** Ten wrong tries at once, then one in half a minute. */
const FROM_ONE_PLACE: Rate = { burst: 10, intervalMs: 30_000, maxWaitMs: 0 };
/** Of all strangers together. 1,470 guesses a day. */
const FROM_ANYWHERE: Rate = { burst: 30, intervalMs: 60_000, maxWaitMs: 0 };
const MAX_PLACES = 10_000;
const ACCOUNT_SLOTS = 65_536;
/** Addresses from which one account has signed in, newest last. */
const MAX_ADDRESSES = 8;
const MAX_ACCOUNTS_WITH_ADDRESSES = 10_000;

export interface SignInTry {
  readonly username: string;
  readonly address: string;
  /** Of a device that has signed in to this account before. */
  readonly deviceId: string | undefined;
}

export interface SignInLimit {
  /** Seconds until the next try, 0 when it may be made now. */
  waitSeconds(one: SignInTry): number;
  /**
   * Counted before the password is looked at; otherwise many tries at once would all count as the
   * first.
   */
  begin(one: SignInTry): void;
  /** It was right, or was not looked at: it does not count. */
  forgive(one: SignInTry): void;
  /** From here on this device and address are no strangers to the account. */
  right(one: SignInTry): void;
}

export function createSignInLimit(now: () => number): SignInLimit {
  const nextAtByPlace = new BoundedMap<string, number>(MAX_PLACES);
  const nextAtByAccount = new Float64Array(ACCOUNT_SLOTS);
  const addressesByAccount = new BoundedMap<string, readonly string[]>(MAX_ACCOUNTS_WITH_ADDRESSES);
  const salt = randomBytes(16);
  const slotOf = (username: string): number =>
    createHash("sha256").update(salt).update(username).digest().readUInt16BE(0);
  const isStranger = ({ username, address, deviceId }: SignInTry): boolean =>
    deviceId === undefined && !addressesByAccount.get(username)?.includes(addressGroup(address));
  return {
    waitSeconds: (one) => {
      const place = waitOf(FROM_ONE_PLACE, nextAtByPlace.get(placeOf(one)) ?? 0, now());
      if (!isStranger(one)) return place;
      const account = nextAtByAccount[slotOf(one.username)] ?? 0;
      return Math.max(place, waitOf(FROM_ANYWHERE, account, now()));
    },
    begin: (one) => {
      const place = placeOf(one);
      const before = nextAtByPlace.get(place) ?? 0;
      nextAtByPlace.set(place, after(FROM_ONE_PLACE, before, now()));
      if (!isStranger(one)) return;
      const slot = slotOf(one.username);
      nextAtByAccount[slot] = after(FROM_ANYWHERE, nextAtByAccount[slot] ?? 0, now());
    },
    forgive: (one) => {
      const place = placeOf(one);
      const nextAt = nextAtByPlace.get(place);
      if (nextAt !== undefined) nextAtByPlace.set(place, nextAt - FROM_ONE_PLACE.intervalMs);
      if (!isStranger(one)) return;
      const slot = slotOf(one.username);
      nextAtByAccount[slot] = (nextAtByAccount[slot] ?? 0) - FROM_ANYWHERE.intervalMs;
    },
    right: (one) => {
      nextAtByPlace.delete(placeOf(one));
      const address = addressGroup(one.address);
      const others = (addressesByAccount.get(one.username) ?? []).filter((it) => it !== address);
      addressesByAccount.set(one.username, [...others, address].slice(-MAX_ADDRESSES));
    },
  };
}

const placeOf = ({ username, address, deviceId }: SignInTry): string =>
  deviceId === undefined ? `${addressGroup(address)} ${username}` : `device ${deviceId}`;

function waitOf({ burst, intervalMs }: Rate, nextAt: number, now: number): number {
  return Math.max(0, Math.ceil((nextAt - now + intervalMs - burst * intervalMs) / 1000));
}

function after(rate: Rate, nextAt: number, now: number): number {
  const turn = takeTurn(rate, nextAt, now);
  return turn.ok ? turn.nextAt : now + rate.burst * rate.intervalMs;
}
