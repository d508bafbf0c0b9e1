/**
 * Time in the cores: milliseconds, told to them, never read.
 *
 * `Instant` is monotonic within one process life and never
 * the wall clock; the brand keeps the two apart.
 */

export type Duration = number & { readonly brand: "Duration" };
export type Instant = number & { readonly brand: "Instant" };

export const milliseconds = (n: number): Duration => n as Duration;
export const seconds = (n: number): Duration => (n * 1000) as Duration;
export const minutes = (n: number): Duration => (n * 60_000) as Duration;

export const after = (at: Instant, delay: Duration): Instant => (at + delay) as Instant;
