/** The values of the label `level`. */
export type Level = "fatal" | "error" | "warn" | "info" | "debug" | "trace";

/** The value of the label for levels that an app has invented, and for lines without one. */
export const UNKNOWN_LEVEL = "unknown";

/**
 * The names of levels of winston (npm, cli and syslog), pino and bunyan (numbers),
 * OpenTelemetry and common custom ones, in lower case. Labels have to be few, so that
 * each name becomes one of six.
 */
export const levelNames: Readonly<Record<Level, readonly string[]>> = {
  fatal: ["fatal", "emerg", "emergency", "60"],
  error: ["error", "err", "crit", "critical", "alert", "50"],
  warn: ["warn", "warning", "40"],
  info: ["info", "notice", "help", "data", "log", "30"],
  debug: ["debug", "verbose", "http", "20"],
  trace: ["trace", "silly", "prompt", "input", "10"],
};

export const levels = Object.keys(levelNames) as readonly Level[];

/**
 * Returns the names of levels as lines have them, for queries that distinguish upper and lower
 * case: OpenTelemetry's are in upper case.
 */
export function writtenNames(...of: readonly Level[]): readonly string[] {
  return of.flatMap((level) => [...levelNames[level], level.toUpperCase()]);
}
