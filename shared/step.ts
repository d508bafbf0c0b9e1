/** What a state machine answers: its next state, and the orders its shell performs in sequence. */

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const step = <State, Effect>(state: State, ...effects: Effect[]): Step<State, Effect> => ({
  state,
  effects,
});
