/**
 * How far the hub's clock is from ours, from answers that carry the hub's time.
 *
 * One answer only bounds it: the hub wrote its time between the request and the answer. The offset
 * is moved into the bounds and never averaged, so one late message on a busy machine cannot raise a
 * false alarm about the clock.
 */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** `hubAt`: known to `precisionMs` (an HTTP `Date` counts whole seconds). */
export function boundsOf(
  hubAt: number,
  precisionMs: number,
  asked: { readonly sentAt: number; readonly heardAt: number },
): Bounds {
  return { least: hubAt - asked.heardAt, most: hubAt + precisionMs - asked.sentAt };
}

/** The nearest offset that the newest bounds allow. */
export function moveInto(offset: number, bounds: Bounds): number {
  return Math.min(bounds.most, Math.max(bounds.least, offset));
}
