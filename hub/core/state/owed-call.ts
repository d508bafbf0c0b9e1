/** A call to somebody outside that nobody has taken yet. */
export interface OwedCall {
  readonly ring: number;
  /** Tries so far, over all addresses. */
  readonly tries: number;
}
