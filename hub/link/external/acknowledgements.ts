/**
 * PUBACKs in the order in which their messages came (MQTT
 * 3.1.1, 4.6.0-2), each when its message is settled.
 *
 * One that is settled early waits for those before it. Commits are made in groups and end in order,
 * so in practice the wait is short.
 */
export interface Acknowledgements {
  /** Returns how to say that this message is settled; saying it again changes nothing. */
  expect(acknowledge: () => void): () => void;
  /** Messages that came and are not acknowledged. */
  count(): number;
}

interface Owed {
  isSettled: boolean;
  readonly acknowledge: () => void;
}

export function acknowledgementsInOrder(): Acknowledgements {
  const owed: Owed[] = [];
  return {
    count: () => owed.length,
    expect: (acknowledge) => {
      const one: Owed = { isSettled: false, acknowledge };
      owed.push(one);
      return () => {
        one.isSettled = true;
        while (owed[0]?.isSettled) owed.shift()?.acknowledge();
      };
    },
  };
}
