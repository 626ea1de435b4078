import type { EventEmitter } from "node:events";
import { context as contexts } from "@opentelemetry/api";
import { copyFunctionProperties } from "../../loading/replace-method.ts";

/**
 * A query that an app has made itself and `pg` submits: a `Query`, a cursor, a
 * stream of rows, a COPY. `pg` tells it of each message of the server's by a
 * method; the last one is one of these two, also where no event comes of it (a
 * cursor's error that nobody listens for, the end of a COPY).
 */
export interface Submittable extends EventEmitter {
  submit(connection: unknown): unknown;
  /** The server has done all and is ready for the next one. */
  handleReadyForQuery?(...args: unknown[]): unknown;
  handleError?(error: PgError, ...args: unknown[]): unknown;
  handlePortalSuspended?(...args: unknown[]): unknown;
  handleCommandComplete?(...args: unknown[]): unknown;
  readonly text?: unknown;
  readonly values?: unknown;
  /** A stream of rows has its statement there. */
  readonly cursor?: { readonly text?: unknown; readonly values?: unknown } | null;
  /** Of a stream: whether the app has left it. */
  readonly destroyed?: boolean;
  /** Of a `Query`: a row that couldn't be read; `handleError` follows. */
  readonly _canceledDueToError?: unknown;
}

interface PgError {
  readonly code?: unknown;
  readonly message: string;
}

/** Hears how a submittable ends. */
export interface SubmittableListener {
  succeed(): void;
  fail(error: PgError): void;
}

export function isSubmittable(value: unknown): value is Submittable {
  if (typeof value !== "object" || value === null) return false;
  const { submit, once } = value as Partial<Submittable>;
  return typeof submit === "function" && typeof once === "function";
}

/** The statement, and its values if they are beside it. */
export function statementOf(submittable: Submittable): { text: unknown; values: unknown } {
  const { text, values } =
    typeof submittable.text === "string" ? submittable : (submittable.cursor ?? {});
  return { text, values };
}

/**
 * Tells `listener` once how `submittable` ends. Its callbacks and events come
 * in the context that is active now. What the app gives up itself, by leaving
 * a stream or ending the client, is no failure.
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
  // A stream that was left before the server has answered.
  submittable.once("close", () => end());
}

/** Rows that a cursor was asked for come by these. */
const PROGRESS_METHODS = ["handlePortalSuspended", "handleCommandComplete"] as const;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html: `query_canceled`, also of a COPY. */
const CANCELED = "57014";

function isCanceledByApp(
  { destroyed }: Submittable,
  { _ending: isEnding }: { readonly _ending?: boolean },
  { code }: PgError,
): boolean {
  return (destroyed === true && code === CANCELED) || isEnding === true;
}

/** Calls `before` before a method of this one object; what it returns puts the method back. */
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
