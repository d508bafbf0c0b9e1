/**
 * From a hub's name to a connection that has proven the hub, also while the name service fails.
 *
 * The name is looked up for every connection. When it has not led to a hub that proves itself
 * within a short time (no answer, no such name, a wrong address), the address at which a hub last
 * proved itself is tried as well, and the first connection that proves the hub is used. The
 * certificate must name the hub's name either way.
 *
 * A lookup by the system's resolver holds one of four threads, which read the serial line too, for
 * up to half a minute. So each name is looked up once at a time, and few names at once.
 */
import { lookup as systemLookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import { writeWholeSync } from "../../../shared/host/whole-file.ts";
import { parseJson } from "../../../shared/parse.ts";
import {
  inOrder,
  knownAddress,
  MAX_NAMES,
  NONE_KNOWN,
  withKnown,
  type KnownAddresses,
} from "../../core/hub-address.ts";
import { codeOf, reasonOf } from "../host/failure.ts";
import { pinnedTlsSocket, type Peer } from "./pinned-tls-socket.ts";

/** An address that has not led to a hub by then is not waited for alone. */
const SLOW_MS = 1000;
/** Two of the four threads stay free. */
const MAX_QUESTIONS = 2;

/** The file of good addresses. */
const AddressFile = z.strictObject({
  v: z.literal(1),
  addresses: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(253),
        address: z.union([z.ipv4(), z.ipv6()]),
      }),
    )
    .max(MAX_NAMES),
});

/** All addresses of a name; rejects when it has none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Like `pinnedTlsSocket`. `host` may be a name or an address. */
export type Reach = (peer: Peer) => Promise<TLSSocket>;

export interface ReachSettings {
  /** Where good addresses are kept. */
  readonly file: string;
  readonly warn: (text: string) => void;
  /** Another one only in tests. */
  readonly lookup?: Lookup | undefined;
}

const ofSystem: Lookup = async (name) => {
  const found = await systemLookup(name, { all: true });
  return found.map(({ address }) => address);
};

export function hubReach({ file, warn, lookup = ofSystem }: ReachSettings): Reach {
  const memory = addressFile(file, warn);
  const ask = oneAtATime(lookup);
  return async (peer) => {
    const name = peer.host;
    if (isIP(name) !== 0) return pinnedTlsSocket(peer);
    const race = newRace(peer);
    const known = memory.read(name);
    let found: readonly string[] = [];
    const byName = async (): Promise<TLSSocket> => {
      found = inOrder(await race.inTime(ask(name)), known);
      return await race.firstOf(found.map((address) => () => race.at(address)));
    };
    try {
      const named = byName();
      const remembered = async (): Promise<TLSSocket> =>
        known === undefined || found.includes(known) ? await named : await race.at(known);
      const socket = await race.firstOf([() => named, remembered]);
      const winner = race.winner();
      if (winner !== undefined) memory.keep(name, winner);
      if (winner === known && known !== undefined && !found.includes(known)) {
        warn(`the name ${name} did not lead to the hub; its last good address ${known} did`);
      }
      return socket;
    } finally {
      race.end();
    }
  };
}

interface Race {
  at(address: string): Promise<TLSSocket>;
  inTime<T>(work: Promise<T>): Promise<T>;
  /** Begins the next when the last has failed or is slow; rejects when all have failed. */
  firstOf(ways: readonly (() => Promise<TLSSocket>)[]): Promise<TLSSocket>;
  winner(): string | undefined;
  /** Gives up whatever is still under way. */
  end(): void;
}

/** The whole of it is over within `peer.withinMs`. */
function newRace(peer: Peer): Race {
  const over = new AbortController();
  const signal = peer.signal ? AbortSignal.any([peer.signal, over.signal]) : over.signal;
  const endsAt = performance.now() + peer.withinMs;
  const left = (): number => Math.max(1, endsAt - performance.now());
  let winner: string | undefined;
  return {
    at: async (address) => {
      const socket = await pinnedTlsSocket({ ...peer, address, withinMs: left(), signal });
      if (winner !== undefined || over.signal.aborted) {
        socket.destroy();
        throw new Error("another address was quicker");
      }
      winner = address;
      return socket;
    },
    inTime: async (work) => {
      const late = delay(left(), undefined, { signal, ref: false }).then(() => {
        throw new Error(`the name ${peer.host} was not answered for in time`);
      });
      return await Promise.race([work, late]);
    },
    firstOf: async (ways) => {
      const begun: Promise<TLSSocket>[] = [];
      for (const way of ways) {
        const last = begun.at(-1);
        if (last) await failedOrSlow(last, signal);
        begun.push(way());
      }
      return await Promise.any(begun).catch((error: unknown) => {
        throw allOf(error);
      });
    },
    winner: () => winner,
    end: () => over.abort(),
  };
}

async function failedOrSlow(last: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const failed = last.then(
    () => undefined,
    () => undefined,
  );
  const slow = delay(SLOW_MS, undefined, { signal, ref: false }).catch(() => undefined);
  await Promise.race([failed, slow]);
}

/** One reason as it came, with its code; several in one sentence. */
function allOf(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const errors = [...new Set<unknown>(error.errors)];
  return errors.length === 1 ? errors[0] : new Error(errors.map(reasonOf).join("; "));
}

/** The same question is not asked twice at once, and few at once. */
function oneAtATime(lookup: Lookup): Lookup {
  const asked = new Map<string, Promise<readonly string[]>>();
  return (name) => {
    const earlier = asked.get(name);
    if (earlier) return earlier;
    if (asked.size >= MAX_QUESTIONS) {
      const names = [...asked.keys()].join(" and ");
      return Promise.reject(new Error(`${name} is not asked for before ${names} are answered`));
    }
    const question = lookup(name)
      .then((found) => {
        if (found.length === 0) throw new Error(`the name ${name} has no address`);
        return found;
      })
      .finally(() => asked.delete(name));
    asked.set(name, question);
    return question;
  };
}

interface AddressFile {
  read(name: string): string | undefined;
  keep(name: string, address: string): void;
}

/**
 * Written only when an address changes. When the file
 * fails, only the remembered addresses are lost.
 */
function addressFile(file: string, warn: (text: string) => void): AddressFile {
  let known = readKnown(file, warn);
  return {
    read: (name) => knownAddress(known, name),
    keep: (name, address) => {
      if (knownAddress(known, name) === address) return;
      known = withKnown(known, name, address);
      try {
        const text = `${JSON.stringify(known)}\n`;
        writeWholeSync([[file, text]]);
      } catch (error) {
        warn(`the hub's address cannot be kept in ${file}: ${reasonOf(error)}`);
      }
    },
  };
}

function readKnown(file: string, warn: (text: string) => void): KnownAddresses {
  try {
    const parsed = parseJson(AddressFile, readFileSync(file));
    if (parsed.ok) return parsed.value;
    warn(`${file} is not used, and written anew with the next good address: ${parsed.reason}`);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") warn(`${file} cannot be read: ${reasonOf(error)}`);
  }
  return NONE_KNOWN;
}
