/** A value that an app throws, and the exception of its event. */
export interface ThrownValue {
  /** In `apps/thrown.mjs`. */
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** Number of exceptions of the event, with causes and the errors of an `AggregateError`; default: one. */
  readonly exceptions?: number;
}

/** Sentry follows five causes, also in a circle. */
const MAX_EXCEPTIONS = 6;

/** Everything that JavaScript can throw. */
export const values: readonly ThrownValue[] = [
  { name: "error", type: "Error", text: "failed error" },
  { name: "status503", type: "Error", text: "failed status503" },
  { name: "status404", type: "Error", text: "failed status404" },
  { name: "econnreset", type: "Error", text: "failed econnreset" },
  { name: "abort", type: "AbortError", text: "failed abort" },
  { name: "aggregate", type: "AggregateError", text: "failed aggregate", exceptions: 3 },
  { name: "cause", type: "Error", text: "failed cause", exceptions: 2 },
  { name: "deep", type: "Error", text: "failed deep", exceptions: MAX_EXCEPTIONS },
  { name: "circular", type: "Error", text: "failed circular", exceptions: MAX_EXCEPTIONS },
  { name: "realm", type: "RangeError", text: "failed realm" },
  { name: "frozen", type: "Error", text: "failed frozen" },
  { name: "getters", type: "Error", text: "(what was thrown can't be read)" },
  { name: "proxy", type: "Error", text: "(what was thrown can't be read)" },
  { name: "huge", type: "Error", text: `failed huge ${"x".repeat(100)}` },
  { name: "string", type: "Error", text: "failed string" },
  { name: "empty", type: "Error", text: "" },
  { name: "number", type: "Error", text: "7" },
  { name: "zero", type: "Error", text: "0" },
  { name: "bigint", type: "Error", text: "7" },
  { name: "false", type: "Error", text: "false" },
  { name: "symbol", type: "Error", text: "Symbol(failed symbol)" },
  { name: "null", type: "Error", text: "null" },
  { name: "undefined", type: "Error", text: "undefined" },
  { name: "object", type: "Error", text: "Object captured as exception with keys: reason" },
  { name: "array", type: "Error", text: "failed array" },
  { name: "function", type: "Error", text: "function failed() {}" },
];

/** The first ones are errors. */
export const errorCount: number = values.findIndex(({ name }) => name === "huge");

/** Values that some frameworks take for no error, or replace with an error of their own. */
export const falsyValues: ReadonlySet<string> = new Set([
  ...["empty", "zero", "false", "null", "undefined"],
]);
