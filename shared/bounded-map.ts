/**
 * Tables with a maximum: what came first is forgotten first.
 *
 * A table whose keys come from outside must not grow for ever. Maps and sets of the language
 * remember the order of arrival, so the oldest entry is the first.
 */

/** A map, or a set. */
export interface Table<K> {
  readonly size: number;
  keys(): Iterable<K>;
  delete(key: K): boolean;
}

/**
 * Forgets the oldest entries until at most `most` are left.
 * For tables that are copied or are part of a core's state.
 */
export function dropOldest<K>(table: Table<K>, most: number): void {
  for (const oldest of table.keys()) {
    if (table.size <= most) return;
    table.delete(oldest);
  }
}

/**
 * A map of at most `most` entries. `set` makes its entry
 * the newest, also one that was there already.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    dropOldest(this, this.#most);
    return this;
  }
}
