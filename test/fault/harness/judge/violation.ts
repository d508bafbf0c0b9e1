/** A promise that a recorded history breaks. */
export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}

export type Invariant = "I1" | "I2" | "I3" | "I5" | "I6";
