import type { EventEmitter } from "node:events";
import { context as contexts } from "@opentelemetry/api";
import { copyFunctionProperties } from "../../loading/replace-method.ts";

/**
 * A query object that an app creates and `pg` submits: a `Query`, a cursor, a
 * stream of rows, a COPY. `pg` calls one of its methods for each message of the
 * server. The last call is one of the first two methods, even without an event (an
 * error of a cursor without a listener, the end of a COPY).
 */
export interface Submittable extends EventEmitter {
  submit(connection: unknown): unknown;
  /** The server has completed the query and is ready for the next one. */
  handleReadyForQuery?(...args: unknown[]): unknown;
  handleError?(error: PgError, ...args: unknown[]): unknown;
  handlePortalSuspended?(...args: unknown[]): unknown;
  handleCommandComplete?(...args: unknown[]): unknown;
  readonly text?: unknown;
  readonly values?: unknown;
  /** Set on a stream of rows, with its statement. */
  readonly cursor?: { readonly text?: unknown; readonly values?: unknown } | null;
  /** For a stream: whether the app destroyed it. */
  readonly destroyed?: boolean;
  /** For a `Query`: a row that could not be parsed; `handleError` follows. */
  readonly _canceledDueToError?: unknown;
}

interface PgError {
  readonly code?: unknown;
  readonly message: string;
}

/** Notified of the end of a submittable. */
export interface SubmittableListener {
  succeed(): void;
  fail(error: PgError): void;
}

export function isSubmittable(value: unknown): value is Submittable {
  if (typeof value !== "object" || value === null) return false;
  const { submit, once } = value as Partial<Submittable>;
  return typeof submit === "function" && typeof once === "function";
}

/** Returns the statement, and its values if they are separate. */
export function statementOf(submittable: Submittable): { text: unknown; values: unknown } {
  const { text, values } =
    typeof submittable.text === "string" ? submittable : (submittable.cursor ?? {});
  return { text, values };
}

/**
 * Notifies `listener` once of the end of `submittable`, whose callbacks and events
 * run in the active context. A cancellation by the app, by destroying a stream or
 * ending the client, is no failure.
 */
export function watchSubmittable(
  submittable: Submittable,
  client: { readonly _ending?: boolean },
  listener: SubmittableListener,
): void {
  const restores: (() => void)[] = [];
  let isEnded = false;
  const end = (error?: PgError): void => {
    if (isEnded) return;
    isEnded = true;
    for (const restore of restores) restore();
    if (error === undefined || isCanceledByApp(submittable, client, error)) listener.succeed();
    else listener.fail(error);
  };
  restores.push(callBefore(submittable, "handleError", (error) => end(error as PgError)));
  if (submittable.handleReadyForQuery === undefined) submittable.once("end", () => end());
  else {
    const ready = (): void => {
      if (!submittable._canceledDueToError) end();
    };
    restores.push(callBefore(submittable, "handleReadyForQuery", ready));
  }
  for (const name of PROGRESS_METHODS) restores.push(callBefore(submittable, name, () => {}));
  // A stream that was destroyed before the server responded.
  submittable.once("close", () => end());
}

/** Methods that receive the rows of a cursor. */
const PROGRESS_METHODS = ["handlePortalSuspended", "handleCommandComplete"] as const;

/**
 * `query_canceled`, also for a COPY:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const CANCELED = "57014";

function isCanceledByApp(
  { destroyed }: Submittable,
  { _ending: isEnding }: { readonly _ending?: boolean },
  { code }: PgError,
): boolean {
  return (destroyed === true && code === CANCELED) || isEnding === true;
}

/**
 * Calls `before` before a method of this one object. Returns a function that
 * restores the method.
 */
function callBefore(
  target: Submittable,
  name: "handleError" | "handleReadyForQuery" | (typeof PROGRESS_METHODS)[number],
  before: (...args: unknown[]) => void,
): () => void {
  const original = target[name] as ((...args: unknown[]) => unknown) | undefined;
  if (typeof original !== "function" || !Object.isExtensible(target)) return () => {};
  const own = Object.getOwnPropertyDescriptor(target, name);
  const context = contexts.active();
  const replacement = copyFunctionProperties(function (this: unknown, ...args: unknown[]) {
    before(...args);
    return contexts.with(context, original, this, ...args);
  }, original);
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: true,
    value: replacement,
  });
  return () => {
    if (target[name] !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}
