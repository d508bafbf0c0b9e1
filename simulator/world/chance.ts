/**
 * Seeded chance: the only randomness of the simulated world.
 *
 * Each part of the world draws from its own stream, so that one more draw in the network does not
 * move every press of the day. The generator is sfc32 (Doty-Humphrey, PractRand): small, fast, 128
 * bits.
 */

export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** In [least, most). */
  between(least: number, most: number): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  isTrue(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Waiting time of a Poisson process. */
  exponential(mean: number): number;
  /** `n` random bits in lower-case hexadecimal, `n` a multiple of 32. */
  hex(bits: number): string;
}

export function newChance(seed: number, stream: string): Chance {
  const draw = sfc32(seed, hashText(stream));
  const next = (): number => draw() / 4_294_967_296;
  const below = (n: number): number => Math.floor(next() * n);
  return {
    next,
    below,
    between: (least, most) => least + next() * (most - least),
    isTrue: (probability) => next() < probability,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    exponential: (mean) => -Math.log(1 - next()) * mean,
    hex: (bits) => {
      let text = "";
      for (let i = 0; i < bits; i += 32) text += draw().toString(16).padStart(8, "0");
      return text;
    },
  };
}

/** FNV-1a, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

function sfc32(seed: number, stream: number): () => number {
  let a = seed >>> 0;
  let b = Math.floor(seed / 4_294_967_296) >>> 0;
  let c = stream;
  let counter = 1;
  const draw = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) draw();
  return draw;
}
