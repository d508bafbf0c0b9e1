/** What a state machine answers: its next state, and the effects its shell performs in sequence. */

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const step = <State, Effect>(state: State, ...effects: Effect[]): Step<State, Effect> => ({
  state,
  effects,
});

/** Goes on from a step with a function of its state; the effects of both, in order. */
export function follow<State, Effect>(
  first: Step<State, Effect>,
  next: (state: State) => Step<State, Effect>,
): Step<State, Effect> {
  const second = next(first.state);
  if (second.effects.length === 0) return { state: second.state, effects: first.effects };
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
