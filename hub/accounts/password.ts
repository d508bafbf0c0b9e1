/**
 * Passwords: argon2id, in the PHC string form so that the parameters may grow later.
 *
 * OWASP's first choice of parameters; with more memory a few sign-ins at once would use up the
 * hub's. At most two are computed at a time, and senders take turns: the second request of a sender
 * waits behind its first.
 */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { createFairTurns } from "../api/http/fair-turns.ts";
import { problem } from "../api/problem.ts";

const MEMORY_KIB = 19 * 1024;
const PASSES = 2;
const PARALLELISM = 1;
const TAG_BYTES = 32;
const SALT_BYTES = 16;
const MAX_AT_ONCE = 2;
/** Sign-ins that wait for their turn. */
const MAX_WAITING = 64;
/** Of one sender: more are refused, and others are served. */
const MAX_WAITING_OF_ONE = 8;

/** As long as all who wait take, about. */
const RETRY_AFTER_SECONDS = 3;
/** Changes of passwords, by people who are signed in and by the command line. */
const OWN = "own";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** With `undefined` it works as long and answers false. `sender`: whose turns these are. */
  matches(password: string, stored: string | undefined, sender?: string): Promise<boolean>;
}

interface Recipe {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly nonce: Buffer;
}

export function createPasswords(): Passwords {
  const turns = createFairTurns({
    ...{ atOnce: MAX_AT_ONCE, most: MAX_WAITING, mostOfOne: MAX_WAITING_OF_ONE },
  });
  const derive = async (password: string, recipe: Recipe, sender = OWN): Promise<Buffer> => {
    const turn = await turns.take(sender);
    if (!turn.ok) {
      const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
      const busy = problem("too-many-requests", "too many people sign in at once: try again soon");
      throw Object.assign(busy, { headers });
    }
    try {
      return await argon2id(password, recipe);
    } finally {
      turn.done();
    }
  };
  return {
    hash: async (password) => {
      const recipe = ownRecipe();
      return encode(recipe, await derive(password, recipe));
    },
    matches: async (password, stored, sender) => {
      const known = stored === undefined ? undefined : decode(stored);
      const tag = await derive(password, known?.recipe ?? ownRecipe(), sender);
      return known !== undefined && timingSafeEqual(tag, known.tag);
    },
  };
}

const ownRecipe = (): Recipe => ({
  memory: MEMORY_KIB,
  passes: PASSES,
  parallelism: PARALLELISM,
  nonce: randomBytes(SALT_BYTES),
});

async function argon2id(password: string, recipe: Recipe): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const message = Buffer.from(password.normalize("NFC"));
  argon2("argon2id", { message, tagLength: TAG_BYTES, ...recipe }, (error, tag) =>
    error ? reject(error) : resolve(tag),
  );
  return await promise;
}

const base64 = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");

function encode({ memory, passes, parallelism, nonce }: Recipe, tag: Buffer): string {
  const cost = `m=${memory},t=${passes},p=${parallelism}`;
  return `$argon2id$v=19$${cost}$${base64(nonce)}$${base64(tag)}`;
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function decode(stored: string): { recipe: Recipe; tag: Buffer } {
  const [, memory, passes, parallelism, nonce, tag] = PHC.exec(stored) ?? [];
  if (!memory || !passes || !parallelism || !nonce || !tag) {
    throw new Error("accounts database: expected an argon2id hash, found something else");
  }
  return {
    recipe: {
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      nonce: Buffer.from(nonce, "base64"),
    },
    tag: Buffer.from(tag, "base64"),
  };
}
