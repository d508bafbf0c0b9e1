/**
 * Time in the cores: milliseconds, told to them, never read.
 *
 * `Instant` is monotonic within one process life; `WallTime` is Unix time for the record. The brands
 * keep one from being subtracted from the other.
 */

export type Duration = number & { readonly brand: "Duration" };
export type Instant = number & { readonly brand: "Instant" };
export type WallTime = number & { readonly brand: "WallTime" };

export const milliseconds = (n: number): Duration => n as Duration;
export const seconds = (n: number): Duration => (n * 1000) as Duration;
export const minutes = (n: number): Duration => (n * 60_000) as Duration;

export const since = (from: Instant, to: Instant): Duration => (to - from) as Duration;
export const after = (at: Instant, delay: Duration): Instant => (at + delay) as Instant;
