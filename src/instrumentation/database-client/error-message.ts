import type { Exception } from "@opentelemetry/api";

/** Of a longer message only the beginning is read. */
const MAX_MESSAGE = 1000;
/**
 * MySQL cuts its messages at 512 bytes, so the end of a long one may be the
 * middle of a value. 160 units of UTF-16 are at most 480 bytes.
 */
const MAX_UNCUT_MESSAGE = 160;

/**
 * A message of a database without the values in it: what servers quote or put
 * in brackets, and numbers. They escape nothing in a value (`Duplicate entry
 * 'it's' for key 'name'`), so all from the first quote or bracket to the last
 * becomes one `?`. Names of tables and columns go too: servers quote them like
 * values, and a value in the wrong quotes is a name to them.
 *
 * Takes linear time: what a server says may be long, and of anybody's making.
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
 * Where the first value begins: a quote that is no apostrophe, in any of the
 * languages that PostgreSQL speaks; a bracket; a word after which some servers
 * write what they didn't like without quotes: RediSearch (`near …`), SQLite
 * (`no such column: …`), Cassandra (`column name …`), Redis (`User …`).
 */
const FIRST_VALUE =
  /(?<![\p{L}\p{N}_])["'`’]|[([{«»„“”‚‘「]|((?<![\p{L}\p{N}_])(?:near|no such column:|column name|User) )(?=[\p{L}\p{N}_])/u;

const CLOSING = `"'\`)]}«»“”‘’」`;

/** After the last quote or bracket that isn't an apostrophe; without one, the end of the text. */
function endOfValues(text: string, first: number): number {
  for (let at = text.length - 1; at > first; at--) {
    if (CLOSING.includes(text.charAt(at)) && !/^[\p{L}\p{N}_]/u.test(text.charAt(at + 1))) {
      return at + 1;
    }
  }
  return text.length;
}

/** `1:20`, `0xe9`, `-4.5`, but not the `1` of `ORA-00001` and not what a word ends in. */
function maskNumbers(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}_.:/-])-?\p{N}[^\s,;()]*/gu, "?");
}

/** MySQL's `SIGNAL` as `mysql` shows it, Oracle's `RAISE_APPLICATION_ERROR`, scripts in Redis. */
const USER_RAISED_MESSAGE =
  /^ER_SIGNAL_EXCEPTION:|^ORA-20\d{3}:|\buser_script\b|\buser_function\b|\bscript: [\da-f]{40}\b/;

/**
 * Codes of errors that an app's own code in the database raises, by
 * `db.system.name`: PostgreSQL's `RAISE` and procedures in other languages;
 * MySQL's `SIGNAL`; SQLite's `RAISE(ABORT, …)` in a trigger; MongoDB's `$where`
 * and `$function`; functions of Cassandra's; SQL Server's `THROW` and
 * `RAISERROR`, whose numbers begin at 50000.
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
 * Whether an error is one that the app's own code in the database has raised:
 * its text is the app's, values and all, and nothing tells where they are.
 *
 * @param system `db.system.name`
 */
export function isUserRaised(system: unknown, code: unknown): boolean {
  return USER_RAISED_CODES[String(system)]?.test(String(code)) ?? false;
}

/**
 * What a span's event may say of an exception: no values in its message and its stack.
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

/** What follows the message, and of that only what looks like a frame: a message can change later. */
function framesOf(stack: string, message: string): string[] {
  const at = stack.indexOf(message);
  const after = at === -1 ? stack : stack.slice(at + message.length);
  const frames = after.split("\n", MAX_LINES).filter((line) => FRAME.test(line));
  return frames.slice(0, MAX_FRAMES);
}

const MAX_LINES = 1000;
const FRAME = /^ {4}at .{1,500}[)\d]$/;
