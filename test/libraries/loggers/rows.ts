import type { LibraryRow } from "../row.ts";

/** A row of a logger, with the program that uses it. */
export interface LoggerRow extends LibraryRow {
  readonly program: "pino" | "bunyan";
}

const PINO = "lines with ids, log records with severity, fields and exception, no duplicates";

/** The newest major version runs on the oldest and the newest Node, older ones on one of them. */
export const loggers: readonly LoggerRow[] = [
  pino("pino", "esm", "26"),
  pino("pino", "cjs", "22.15"),
  pino("pino", "esm", "22.15"),
  pino("pino9", "cjs", "24"),
  pino("pino8", "esm", "26"),
  pino("pino7", "esm", "22.15"),
  pino("pino7", "cjs", "26"),
  bunyan("bunyan", "esm", "26"),
  bunyan("bunyan", "cjs", "22.15"),
  bunyan("bunyan1", "cjs", "26"),
  bunyan("bunyan1", "esm", "24"),
];

function pino(
  installed: string,
  moduleSystem: LibraryRow["moduleSystem"],
  node: LibraryRow["node"],
): LoggerRow {
  return { library: "pino", installed, moduleSystem, node, program: "pino", supports: PINO };
}

function bunyan(
  installed: string,
  moduleSystem: LibraryRow["moduleSystem"],
  node: LibraryRow["node"],
): LoggerRow {
  return { library: "bunyan", installed, moduleSystem, node, program: "bunyan", supports: PINO };
}

/** Rows of caches. Each runs together with lru-cache and both Redis clients, in their newest versions. */
export const caches: readonly LibraryRow[] = [
  cache("cache-manager", "esm", "26"),
  cache("cache-manager", "cjs", "22.15"),
  cache("cache-manager6", "esm", "24"),
  cache("cache-manager6", "cjs", "26"),
  cache("cache-manager5", "esm", "22.15"),
  cache("cache-manager5", "cjs", "26"),
];

function cache(
  installed: string,
  moduleSystem: LibraryRow["moduleSystem"],
  node: LibraryRow["node"],
): LibraryRow {
  const supports = "hits and misses: `telltale.cache.requests`, `getCacheStats()`";
  return { library: "cache-manager", installed, moduleSystem, node, supports };
}

const lruCaches: readonly LibraryRow[] = caches
  .filter(({ installed }) => installed === "cache-manager")
  .map((row) => ({
    ...row,
    library: "lru-cache",
    installed: "lru-cache",
    supports: "hits and misses by `watchCache(cache, name)`",
  }));

export const rows: readonly LibraryRow[] = [...loggers, ...caches, ...lruCaches];
