/**
 * `SeverityNumber` by the names that winston's three sets of levels and custom
 * ones use. The specification's own mapping for syslog, upstream's
 * (`@opentelemetry/winston-transport`) for npm and cli.
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

/** What was worked out for names of one set of levels. */
const severityCache = new WeakMap<Levels, Map<string, number>>();

/**
 * The severity of a level, 1 to 24; 0 (unspecified) if nothing can be said. A
 * name that nobody knows counts as the next less severe one of its set that is
 * known, else as the next more severe: `success` between `error` and `info` is
 * no error.
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
 * The severity of a rank as pino and bunyan count them: 10 is trace, 20 debug,
 * up to 60 fatal; what lies between is told apart as far as there are numbers.
 * A level with a name that says what it means goes by that.
 */
export function severityOfLevelNumber(rank: number, name: string | undefined): number {
  const byName = name === undefined ? undefined : severityByName.get(name);
  if (byName !== undefined) return byName;
  if (!Number.isFinite(rank)) return 0;
  return Math.min(24, Math.max(1, Math.floor(1 + (rank - 10) * 0.4)));
}
