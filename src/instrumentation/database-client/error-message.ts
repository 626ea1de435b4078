import type { Exception } from "@opentelemetry/api";

/** Longer messages are truncated before they are read. */
const MAX_MESSAGE = 1000;
/**
 * Longest message that is certainly complete. MySQL truncates its messages at 512
 * bytes, possibly in the middle of a value; 160 UTF-16 units are at most 480
 * bytes.
 */
const MAX_UNCUT_MESSAGE = 160;

/**
 * Masks the values in a database's error message: quoted or bracketed text, and
 * numbers. Servers do not escape values (`Duplicate entry 'it's' for key 'name'`),
 * so everything from the first quote or bracket to the last becomes one `?`. Names
 * of tables and columns are masked too, because servers quote them like values,
 * and because a value in the wrong quotes is a name to them.
 *
 * Takes linear time, because a server's message may be long and contain arbitrary
 * text.
 */
export function sanitizeErrorMessage(message: string): string {
  const text = message.slice(0, MAX_MESSAGE);
  if (USER_RAISED_MESSAGE.test(text)) return "?";
  const first = FIRST_VALUE.exec(text);
  if (first === null) return maskNumbers(text);
  const head = maskNumbers(text.slice(0, first.index + (first[1] ?? "").length));
  if (first[1] !== undefined || message.length > MAX_UNCUT_MESSAGE) return `${head}?`;
  return `${head}?${maskNumbers(text.slice(endOfValues(text, first.index)))}`.trim();
}

/**
 * Start of the first value: a quote that is no apostrophe, in any language of
 * PostgreSQL's messages; a bracket; or a word after which some servers write
 * unquoted values: RediSearch (`near …`), SQLite (`no such column: …`), Cassandra
 * (`column name …`), Redis (`User …`).
 */
const FIRST_VALUE =
  /(?<![\p{L}\p{N}_])["'`’]|[([{«»„“”‚‘「]|((?<![\p{L}\p{N}_])(?:near|no such column:|column name|User) )(?=[\p{L}\p{N}_])/u;

const CLOSING = `"'\`)]}«»“”‘’」`;

/**
 * Returns the index after the last quote or bracket that is no apostrophe, or the
 * end of the text.
 */
function endOfValues(text: string, first: number): number {
  for (let at = text.length - 1; at > first; at--) {
    if (CLOSING.includes(text.charAt(at)) && !/^[\p{L}\p{N}_]/u.test(text.charAt(at + 1))) {
      return at + 1;
    }
  }
  return text.length;
}

/**
 * Masks `1:20`, `0xe9` and `-4.5`, but neither the `1` of `ORA-00001` nor digits
 * at the end of a word.
 */
function maskNumbers(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}_.:/-])-?\p{N}[^\s,;()]*/gu, "?");
}

/**
 * `SIGNAL` of MySQL as `mysql` reports it, `RAISE_APPLICATION_ERROR` of Oracle,
 * scripts in Redis.
 */
const USER_RAISED_MESSAGE =
  /^ER_SIGNAL_EXCEPTION:|^ORA-20\d{3}:|\buser_script\b|\buser_function\b|\bscript: [\da-f]{40}\b/;

/**
 * Error codes that an app's own code in the database raises, by `db.system.name`:
 * `RAISE` of PostgreSQL and procedures in other languages; `SIGNAL` of MySQL;
 * `RAISE(ABORT, …)` in a trigger of SQLite; `$where` and `$function` of MongoDB;
 * functions of Cassandra; `THROW` and `RAISERROR` of SQL Server, with numbers from
 * 50000.
 */
const USER_RAISED_CODES: Readonly<Record<string, RegExp>> = {
  postgresql: /^(?:P0001|P0004|38\w{3})$/,
  mysql: /^(?:1644|ER_SIGNAL_EXCEPTION)$/,
  sqlite: /^(?:1811|SQLITE_CONSTRAINT_TRIGGER)$/,
  mongodb: /^(?:139|JSInterpreterFailure)$/,
  cassandra: /^5120$/,
  "microsoft.sql_server": /^(?:[5-9]\d{4}|\d{6,10})$/,
};

/**
 * Whether the app's own code in the database raised the error. Its message is the
 * app's text, in which values cannot be recognized.
 *
 * @param system `db.system.name`
 */
export function isUserRaised(system: unknown, code: unknown): boolean {
  return USER_RAISED_CODES[String(system)]?.test(String(code)) ?? false;
}

/**
 * Masks the values in an exception's message and stack, for a span's event.
 *
 * @param system `db.system.name`
 */
export function sanitizeException(exception: Exception, system: unknown): Exception {
  if (typeof exception === "string") return sanitizeErrorMessage(exception);
  const { code, name = "Error", message = "", stack } = exception;
  const clean = isUserRaised(system, code) ? "?" : sanitizeErrorMessage(message);
  return {
    name,
    message: clean,
    ...(code !== undefined && { code }),
    ...(stack !== undefined && {
      stack: [`${name}: ${clean}`, ...framesOf(stack, message)].join("\n"),
    }),
  };
}

const MAX_FRAMES = 100;

/**
 * Returns the stack frames after the message. Lines must look like a frame,
 * because `message` may have changed since the stack was captured.
 */
function framesOf(stack: string, message: string): string[] {
  const at = stack.indexOf(message);
  const after = at === -1 ? stack : stack.slice(at + message.length);
  const frames = after.split("\n", MAX_LINES).filter((line) => FRAME.test(line));
  return frames.slice(0, MAX_FRAMES);
}

const MAX_LINES = 1000;
const FRAME = /^ {4}at .{1,500}[)\d]$/;
