/** How well a cache does, since the process started. */
export interface CacheStats {
  readonly name: string;
  readonly hits: number;
  readonly misses: number;
  /** Hits of all look-ups, 0 to 1. */
  readonly ratio: number;
}

/** What `watch` needs of a cache: `LRUCache`, `Map`, Keyv and most others have it. */
export interface Gettable {
  get(...args: never[]): unknown;
}
