/** The fields of a line that become labels: few values each, by which stores index. */
export const labelFields = ["service", "environment", "level"] as const;

/**
 * The fields of a line that can be searched without being labels: each request has its own
 * values, and an index by them would be as large as the lines.
 */
export const idFields = [
  "trace_id",
  "span_id",
  "request_id",
  "user_id",
  "organization_id",
  "logger",
] as const;

/** The files that pipelines read. The lines of `errors.log` are in `application.log`, too. */
const FILES = ["application.log", "performance.log", "security.log"] as const;

/**
 * The longest line in bytes: telltale cuts lines at 1,000,000 characters, which can have
 * four bytes each.
 */
export const MAX_LINE_BYTES = 4_194_304;

/** Returns the paths of the log files in all folders. */
export function logFilePaths(folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => FILES.map((file) => `${folder}/${file}`));
}

/** The part of the pages that warns of sending each line twice. */
export const oneWay = [
  "One way for each line: set OTEL_LOGS_EXPORTER=none where this pipeline reads the lines of",
  "an app, and read either its files or its stdout.",
] as const;
