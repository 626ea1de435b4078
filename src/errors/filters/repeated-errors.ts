import type { EventHint, Scope } from "@sentry/core";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { isObject, readProperty } from "../readable-error.ts";

/** The time in which the limit applies, in milliseconds. */
const WINDOW_MS = 60_000;
/** Minimum interval between two events of an error that occurs more often than the limit. */
const INTERVAL_MS = 5_000;
/** Maximum number of errors that are distinguished; beyond it the oldest is forgotten. */
const MAX_ERRORS = 1_000;
/** Maximum length of the part of a message that distinguishes errors. */
const MAX_MESSAGE_LENGTH = 200;
/** Maximum number of frames among which the first of the app is searched. */
const MAX_FRAMES = 30;

/**
 * Limits the events of errors that are alike: 100,000 in a minute would cost the app
 * half its time, and would use up the quota. Errors are alike if they have the same
 * class, first frame in the app's own code, and message apart from numbers and ids; or
 * the same fingerprint, if the app sets one. What is read of an error costs little, in
 * contrast to its event.
 */
export class RepeatedErrors {
  readonly #limit: number;
  readonly #diagnostics: Diagnostics;
  /** By key, in the order of their first or latest window. */
  readonly #errors = new Map<string, RepeatedError>();

  readonly #clock: () => number;

  /**
   * @param limit number of events of one error within a minute; 0 is no limit.
   * @param clock a monotonic clock, in milliseconds.
   */
  constructor(
    limit: number,
    diagnostics: Diagnostics,
    clock: () => number = () => performance.now(),
  ) {
    this.#limit = limit;
    this.#diagnostics = diagnostics;
    this.#clock = clock;
  }

  /** Counts an error. Returns undefined without a limit. */
  count(thrown: unknown, hint: EventHint | undefined, scopes: Scopes): RepeatedError | undefined {
    return this.#count(
      () => `${classOf(thrown)}: ${messageOf(thrown)}${topFrameOf(thrown)}`,
      hint,
      scopes,
    );
  }

  /** Counts a message. Returns undefined without a limit. */
  countMessage(
    message: string,
    hint: EventHint | undefined,
    scopes: Scopes,
  ): RepeatedError | undefined {
    return this.#count(() => `message ${normalize(message)}`, hint, scopes);
  }

  #count(
    defaultKey: () => string,
    hint: EventHint | undefined,
    scopes: Scopes,
  ): RepeatedError | undefined {
    if (this.#limit === 0) return undefined;
    const key = keyOf(hint, scopes, defaultKey);
    const now = this.#clock();
    const known = this.#errors.get(key);
    const error = known ?? new RepeatedError(now);
    if (known === undefined || error.startWindow(now, this.#limit)) this.#keep(key, error);
    if (error.add(now, this.#limit)) this.#log(key);
    return error;
  }

  /** Adds an error, or makes it the latest. */
  #keep(key: string, error: RepeatedError): void {
    this.#errors.delete(key);
    this.#errors.set(key, error);
    if (this.#errors.size <= MAX_ERRORS) return;
    for (const oldest of this.#errors.keys()) {
      this.#errors.delete(oldest);
      return;
    }
  }

  /** Logs the class and the place of an error; its message may be personal. */
  #log(key: string): void {
    const [, frame] = /\n +at (.*)$/.exec(key) ?? [];
    const place = frame === undefined ? "an error or message" : `the error at ${frame}`;
    this.#diagnostics.warn(
      "errors.repeated",
      `${place} occurs more than ${this.#limit} times a minute; one event each ${INTERVAL_MS / 1000} s is sent, with the number of the others (TELLTALE_REPEATED_ERRORS)`,
    );
  }
}

/** The scopes whose fingerprint is used. */
export type Scopes = readonly (Pick<Scope, "getScopeData"> | undefined)[];

/** The occurrences of one error. */
export class RepeatedError {
  #windowStart: number;
  /** Number of occurrences in the window, without those whose event was dropped by a filter. */
  #count = 0;
  /** Whether it occurs more often than the limit, in this window or the last one. */
  #isFrequent = false;
  #admittedAt = -Infinity;
  /** Number of suppressed occurrences since the last event, and the time of the first one. */
  #suppressed = 0;
  #suppressedSince = 0;
  #isSuppressed = false;
  /** Id of the last event that was sent. */
  eventId: string | undefined = undefined;

  constructor(now: number) {
    this.#windowStart = now;
  }

  /** Whether the occurrence that was counted last is to have no event. */
  get isSuppressed(): boolean {
    return this.#isSuppressed;
  }

  /** Starts a new window if the last one is over. Returns whether it did. */
  startWindow(now: number, limit: number): boolean {
    const age = now - this.#windowStart;
    if (age < WINDOW_MS) return false;
    this.#isFrequent = age < 2 * WINDOW_MS && this.#count > limit;
    this.#count = 0;
    this.#windowStart = now;
    return true;
  }

  /** Counts an occurrence. Returns whether it is the first one beyond the limit. */
  add(now: number, limit: number): boolean {
    this.#count++;
    const wasFrequent = this.#isFrequent;
    this.#isFrequent ||= this.#count > limit;
    this.#isSuppressed = this.#isFrequent && now - this.#admittedAt < INTERVAL_MS;
    if (!this.#isSuppressed) this.#admittedAt = now;
    else if (this.#suppressed++ === 0) this.#suppressedSince = Date.now();
    return this.#isFrequent && !wasFrequent;
  }

  /** Takes back an occurrence whose event was dropped by a filter: the next one may be sent. */
  release(): void {
    this.#count--;
    this.#admittedAt = -Infinity;
  }

  /** Returns the occurrences since the last event, for the next one. */
  takeSuppressed(): { readonly count: number; readonly since: string } | undefined {
    const count = this.#suppressed;
    if (count === 0) return undefined;
    this.#suppressed = 0;
    return { count, since: new Date(this.#suppressedSince).toISOString() };
  }
}

/**
 * Returns the key of an error. In a fingerprint `{{ default }}` stands for the default
 * key. An unhandled error, which may end the process, is another than a handled one.
 */
function keyOf(hint: EventHint | undefined, scopes: Scopes, defaultKey: () => string): string {
  const fingerprint = fingerprintOf(hint, scopes).map((part) => {
    const text = textOf(part);
    return DEFAULT_PART.test(text) ? defaultKey() : text;
  });
  const key = fingerprint.length === 0 ? defaultKey() : fingerprint.join("\n");
  return hint?.mechanism?.handled === false ? `unhandled ${key}` : key;
}

/** https://docs.sentry.io/platforms/javascript/usage/sdk-fingerprinting/ */
const DEFAULT_PART = /^\{\{ ?default ?\}\}$/;

/** Returns the fingerprints of a hint and of scopes. That of a function is not known yet. */
function fingerprintOf(hint: EventHint | undefined, scopes: Scopes): readonly unknown[] {
  const context = hint?.captureContext;
  const own = isObject(context) ? readProperty(context, "fingerprint") : undefined;
  const inherited: unknown[] = scopes.flatMap((scope) => scope?.getScopeData().fingerprint ?? []);
  return Array.isArray(own) ? [...inherited, ...(own as unknown[])] : inherited;
}

function classOf(thrown: unknown): string {
  return isObject(thrown) ? textOf(readProperty(thrown, "name")) : typeof thrown;
}

function messageOf(thrown: unknown): string {
  return normalize(textOf(isObject(thrown) ? readProperty(thrown, "message") : thrown));
}

/** Returns the text of a primitive. That of an object may be long, or fail. */
function textOf(value: unknown): string {
  return isObject(value) ? "" : String(value);
}

/** Replaces numbers and ids, which differ between errors that are alike. */
function normalize(message: string): string {
  return message.slice(0, MAX_MESSAGE_LENGTH).replaceAll(/[\da-f-]{8,}|\d+/gi, "0");
}

const FRAME = "\n    at ";

/** Returns the line of the first frame in the app's own code, or else of the first one. */
function topFrameOf(thrown: unknown): string {
  const stack = isObject(thrown) ? readProperty(thrown, "stack") : undefined;
  if (typeof stack !== "string") return "";
  let first = "";
  let start = stack.indexOf(FRAME);
  for (let count = 0; start !== -1 && count < MAX_FRAMES; count++) {
    const next = stack.indexOf("\n", start + 1);
    const line = stack.slice(start, next === -1 ? undefined : next);
    if (!line.includes("/node_modules/") && !line.includes("node:")) return line;
    if (first === "") first = line;
    start = next === -1 ? -1 : stack.indexOf(FRAME, next);
  }
  return first;
}
