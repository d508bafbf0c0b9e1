/**
 * Who read what, and who failed to sign in: facts for the audit, few enough to be kept for ever.
 *
 * The first of a kind is written at once. The same again within the window is only counted, and the
 * count is one more fact when the window ends. Beyond a number of kinds in one window all the rest
 * is one kind, so neither a program that reads everything nor somebody who guesses from many
 * addresses can fill the disk.
 *
 * Reading does not wait for these facts and is not refused when they cannot be written: an operator
 * must see the alarm even while the journal fails. Recordings and live views are stricter, in their
 * own routes.
 */
import { isIPv6 } from "node:net";
import type { FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { IncidentId } from "../../shared/ids.ts";
import type { Fact, FactOf } from "../core/facts.ts";
import type { Accounts } from "../accounts/ports.ts";
import type { HubCommands } from "../ports.ts";
import { callerOf } from "./signed-in.ts";

export const WINDOW_MS = 10 * 60_000;
/** Different things one person reads in a window and is named with. */
export const MAX_READS_PER_PERSON = 100;
/** Different pairs of name and address that failed to sign in. */
export const MAX_REFUSALS = 20;
/** Of all senders together. */
const MAX_KINDS = 20_000;

type Read = FactOf<"records-read">;
type Refusal = FactOf<"sign-in-refused">;

export interface AuditNotes {
  /** `of`: the incident, if it was one. */
  read(what: Read["what"], of: IncidentId | null, request: FastifyRequest): void;
  refusedSignIn(username: string, from: string): Promise<void>;
  /** Writes what was only counted so far. */
  close(): Promise<void>;
}

export interface AuditNotesOptions {
  readonly hub: Pick<HubCommands, "record">;
  readonly accounts: Pick<Accounts, "find">;
  readonly log: Pick<Logger, "error">;
}

interface Counted {
  /** What is written at the window's end, with how many came after the first. */
  readonly fact: Read | Refusal;
  readonly owner: string;
  count: number;
}

interface NoteTaking extends AuditNotesOptions {
  readonly countedByKey: Map<string, Counted>;
  readonly kindsByOwner: Map<string, number>;
}

export function createAuditNotes(options: AuditNotesOptions): AuditNotes {
  const noteTaking: NoteTaking = { ...options, countedByKey: new Map(), kindsByOwner: new Map() };
  const timer = setInterval(() => void endWindow(noteTaking), WINDOW_MS);
  timer.unref();
  return {
    read: (what, of, request) => {
      const { username: by, displayName: byName } = callerOf(request);
      const from = request.ip;
      const fact: Read = {
        type: "records-read",
        at: Date.now(),
        what,
        of,
        by,
        byName,
        from,
        count: 1,
      };
      const rest: Read = { ...fact, what: "incidents", of: null };
      void note(noteTaking, { fact, rest, owner: `read ${by}`, most: MAX_READS_PER_PERSON });
    },
    refusedSignIn: async (username, from) => {
      // An unknown name may be a password typed into the wrong field, so it is not kept.
      const known = await options.accounts.find(username);
      const at = Date.now();
      const type = "sign-in-refused";
      const fact: Refusal = {
        type,
        at,
        username: known?.username ?? null,
        from: network(from),
        count: 1,
      };
      const rest: Refusal = { type, at, username: null, from: null, count: 1 };
      await note(noteTaking, { fact, rest, owner: "sign-in", most: MAX_REFUSALS });
    },
    close: async () => {
      clearInterval(timer);
      await endWindow(noteTaking);
    },
  };
}

interface Noted {
  readonly fact: Read | Refusal;
  /** Stands for all that is beyond `most`. */
  readonly rest: Read | Refusal;
  readonly owner: string;
  readonly most: number;
}

async function note(noteTaking: NoteTaking, { fact, rest, owner, most }: Noted): Promise<void> {
  const key = keyOf(fact);
  const known = noteTaking.countedByKey.get(key);
  if (known) {
    known.count += 1;
    return;
  }
  const kinds = noteTaking.kindsByOwner.get(owner) ?? 0;
  if (kinds < most && noteTaking.countedByKey.size < MAX_KINDS) {
    noteTaking.kindsByOwner.set(owner, kinds + 1);
    noteTaking.countedByKey.set(key, { fact, owner, count: 0 });
    await write(noteTaking, [fact]);
    return;
  }
  const restKey = `rest ${keyOf(rest)}`;
  const others = noteTaking.countedByKey.get(restKey);
  if (others) others.count += 1;
  else noteTaking.countedByKey.set(restKey, { fact: rest, owner, count: 1 });
}

function keyOf(fact: Read | Refusal): string {
  return fact.type === "records-read"
    ? `${fact.by} ${fact.what} ${fact.of} ${fact.from}`
    : `sign-in ${fact.username} ${fact.from}`;
}

async function endWindow(noteTaking: NoteTaking): Promise<void> {
  const at = Date.now();
  const facts = [...noteTaking.countedByKey.values()]
    .filter(({ count }) => count > 0)
    .map(({ fact, count }): Fact => ({ ...fact, at, count }));
  noteTaking.countedByKey.clear();
  noteTaking.kindsByOwner.clear();
  if (facts.length > 0) await write(noteTaking, facts);
}

async function write(noteTaking: NoteTaking, facts: readonly Fact[]): Promise<void> {
  try {
    await noteTaking.hub.record(facts);
  } catch (error) {
    noteTaking.log.error({ err: error }, `${facts.length} facts of the audit could not be written`);
  }
}

/** One household or office: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function network(address: string): string {
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  if (!isIPv6(plain)) return plain;
  const [head = ""] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (!plain.includes("::") || groups.length >= 4) return `${groups.slice(0, 4).join(":")}::/64`;
  return plain;
}
