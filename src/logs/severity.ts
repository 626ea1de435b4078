/**
 * `SeverityNumber` by level name, for winston's three sets of levels and common
 * custom ones. The mapping is the specification's for syslog, and that of
 * `@opentelemetry/winston-transport` for npm and cli.
 * https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings
 */
const severityByName: ReadonlyMap<string, number> = new Map([
  ["emerg", 21],
  ["emergency", 21],
  ["fatal", 21],
  ["alert", 19],
  ["crit", 18],
  ["critical", 18],
  ["error", 17],
  ["warn", 13],
  ["warning", 13],
  ["help", 11],
  ["notice", 10],
  ["data", 10],
  ["info", 9],
  ["http", 7],
  ["verbose", 6],
  ["debug", 5],
  ["prompt", 4],
  ["input", 2],
  ["silly", 1],
  ["trace", 1],
]);

/** A logger's levels: names and ranks, 0 the most severe. */
export type Levels = Readonly<Record<string, number>>;

/** Inferred severities by name, for each set of levels. */
const severityCache = new WeakMap<Levels, Map<string, number>>();

/**
 * Returns the severity of a level, 1 to 24, or 0 (unspecified) if it can't be
 * inferred. An unknown name counts as the next less severe known level of its set,
 * else as the next more severe: `success` between `error` and `info` is no error.
 */
export function severityOf(name: string, levels: Levels): number {
  return severityByName.get(name) ?? inferSeverity(name, levels);
}

function inferSeverity(name: string, levels: Levels): number {
  const rank = levels[name];
  if (rank === undefined) return 0;
  const severities = severityCache.get(levels) ?? new Map<string, number>();
  severityCache.set(levels, severities);
  const severity =
    severities.get(name) ?? severityByName.get(name.toLowerCase()) ?? nearestSeverity(rank, levels);
  severities.set(name, severity);
  return severity;
}

function nearestSeverity(rank: number, levels: Levels): number {
  const ranked = Object.entries(levels).filter(([name]) => severityByName.has(name));
  ranked.sort(([, a], [, b]) => a - b);
  const neighbour = ranked.find(([, other]) => other >= rank) ?? ranked.at(-1);
  return neighbour === undefined ? 0 : (severityByName.get(neighbour[0]) ?? 0);
}

/**
 * Returns the severity of a level number of pino or bunyan: 10 is trace, 20 debug,
 * up to 60 fatal, and levels in between get severities in between. A known name
 * takes precedence over the number.
 */
export function severityOfLevelNumber(rank: number, name: string | undefined): number {
  const byName = name === undefined ? undefined : severityByName.get(name);
  if (byName !== undefined) return byName;
  if (!Number.isFinite(rank)) return 0;
  return Math.min(24, Math.max(1, Math.floor(1 + (rank - 10) * 0.4)));
}
