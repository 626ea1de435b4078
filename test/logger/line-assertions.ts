import assert from "node:assert/strict";

/** Everything that ends a line for some reader, or controls a terminal. */
// oxlint-disable-next-line no-control-regex -- that is its purpose
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** Checks that a text is one JSON object with the fields of a line, and the end of the line. */
export function assertJsonLine(text: string, level: string): Readonly<Record<string, unknown>> {
  assert.equal(text.at(-1), "\n");
  assert.doesNotMatch(text.slice(0, -1), CONTROLS);
  const line = JSON.parse(text) as Record<string, unknown>;
  const { timestamp, message, service, environment, logger } = line;
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(line["level"], level);
  assert.equal(typeof message, "string");
  for (const field of [service, environment, logger]) assert.notEqual(field, undefined);
  return line;
}

/** Checks that a readable text has one line that begins with a time, and that all others are indented. */
export function assertReadableLine(text: string, level: string): void {
  const [first = "", ...others] = text.split("\n");
  assert.match(first, /^\d\d:\d\d:\d\d\.\d{3} /);
  assert.ok(first.slice(13).startsWith(level.toUpperCase()), first);
  for (const line of others) assert.match(line, /^ {4}\S| {4} {2}\S/);
  for (const line of [first, ...others]) assert.doesNotMatch(line, CONTROLS);
}
