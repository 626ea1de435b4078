import {
  type Attributes,
  type Context,
  context as contexts,
  type Counter,
  type Histogram,
  type Meter,
} from "@opentelemetry/api";
import { now } from "../../clock.ts";
import { isTracingSuppressed } from "../../context/context.ts";
import type { CallRecorder } from "../../development/call-recorder.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import { isThenable } from "../../thenable.ts";
import { tryRead } from "../../try-read.ts";
import { CurrentValue } from "../loading/current-value.ts";

/** Those of `db.client.operation.duration`, since the conventions give none. */
const BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Instruments of the times that pools take. */
export interface PoolTimeInstruments {
  readonly createTime: Histogram;
  readonly waitTime: Histogram;
  readonly useTime: Histogram;
  readonly timeouts: Counter;
}

/** Creates the instruments: https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#connection-pools */
export function createPoolTimeInstruments(meter: Meter): PoolTimeInstruments {
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, {
      description,
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  return {
    createTime: seconds(
      "db.client.connection.create_time",
      "The time it took to create a new connection.",
    ),
    waitTime: seconds(
      "db.client.connection.wait_time",
      "The time it took to obtain an open connection from the pool.",
    ),
    useTime: seconds(
      "db.client.connection.use_time",
      "The time between borrowing a connection and returning it to the pool.",
    ),
    timeouts: meter.createCounter("db.client.connection.timeouts", {
      description:
        "The number of connection timeouts that have occurred trying to obtain a connection from the pool.",
      unit: "{timeout}",
    }),
  };
}

/** The pool whose code is running and opens a connection. */
const openingPool = new CurrentValue<PoolTimes | undefined>(undefined);

/** A connection that is in use, or one that is requested. */
interface Loan {
  /** On the monotonic clock. */
  readonly since: number;
  readonly context: Context;
  /** Where the app requests it, for the viewer. */
  readonly place: string | undefined;
}

/** Where a connection was taken, and when. */
type HeldConnection = Pick<Loan, "since" | "place">;

/** A shorter wait is that for a connection that opens. */
const MIN_REPORTED_WAIT_MS = 100;

/** A pool with more has no leak, and connections that were closed in use are never returned. */
const MAX_HELD = 500;

/** One place leaks; the others are its victims. */
const MAX_PLACES = 5;

/** Records the times of one pool. Its methods never throw, except for errors of the library's code. */
export class PoolTimes {
  readonly #instruments: PoolTimeInstruments;
  readonly #nameOf: () => string;
  readonly #loans = new WeakMap<object, Loan>();
  readonly #recorder: CallRecorder | undefined;
  /** The connections in use, for the viewer only. */
  readonly #held = new Set<HeldConnection>();
  #name: string | undefined = undefined;
  #attributes: Attributes = {};

  /** @param recorder records what only the viewer receives; undefined without one. */
  constructor(
    instruments: PoolTimeInstruments,
    nameOf: () => string,
    recorder: CallRecorder | undefined,
  ) {
    this.#instruments = instruments;
    this.#nameOf = nameOf;
    this.#recorder = recorder;
  }

  /** Starts to wait for a connection. */
  request(): Loan {
    const place = this.#recorder?.placeOfCaller();
    return { since: now(), context: contexts.active(), place };
  }

  /**
   * Ends the wait for a connection, whose use begins. A connection that is in use
   * already is ignored: libraries that queue a request again report it twice.
   */
  borrowed(connection: unknown, { since, context, place }: Loan): void {
    if (!isObject(connection) || this.#loans.has(connection)) return;
    const at = now();
    // Calls that telltale makes itself, for health checks, are not the app's.
    if (isTracingSuppressed(context)) return;
    this.#instruments.waitTime.record((at - since) / 1000, this.#currentAttributes(), context);
    const loan = { since: at, context, place };
    this.#loans.set(connection, loan);
    if (this.#recorder === undefined) return;
    if (at - since >= MIN_REPORTED_WAIT_MS) this.#recordWait({ since, context });
    if (this.#held.size < MAX_HELD) this.#held.add(loan);
  }

  /** Ends the use of a connection. */
  returned(connection: unknown): void {
    if (!isObject(connection)) return;
    const loan = this.#loans.get(connection);
    if (loan === undefined) return;
    this.#loans.delete(connection);
    this.#held.delete(loan);
    const seconds = (now() - loan.since) / 1000;
    this.#instruments.useTime.record(seconds, this.#currentAttributes(), loan.context);
  }

  /** Counts a request that got no connection in time. */
  timedOut(request?: Loan): void {
    this.#instruments.timeouts.add(1, this.#currentAttributes());
    if (request !== undefined) this.#recordWait(request);
  }

  /** Records who had the connections that a request waited for. */
  #recordWait({ since, context }: Pick<Loan, "since" | "context">): void {
    if (this.#recorder === undefined || isTracingSuppressed(context)) return;
    const at = now();
    const places = new Map<string, { place: string; count: number; ms: number }>();
    for (const { since: taken, place = "unknown" } of this.#held) {
      const { count, ms } = places.get(place) ?? { count: 0, ms: 0 };
      places.set(place, { place, count: count + 1, ms: Math.max(ms, at - taken) });
    }
    const held = [...places.values()].toSorted((a, b) => b.count - a.count);
    const pool = tryRead(this.#nameOf) ?? "unknown";
    this.#recorder.waitedForConnection(context, pool, at - since, held.slice(0, MAX_PLACES));
  }

  /** @param seconds that it took to open a connection */
  created(seconds: number): void {
    this.#instruments.createTime.record(seconds, this.#currentAttributes());
  }

  /** Runs code of the pool that may open connections by a function that `observeOpening` wraps. */
  whileOpening<Result>(work: () => Result): Result {
    return openingPool.run(this, work);
  }

  /** The name may change once, when the address is known. */
  #currentAttributes(): Attributes {
    const name = tryRead(this.#nameOf) ?? "unknown";
    if (name !== this.#name) {
      this.#name = name;
      this.#attributes = { "db.client.connection.pool.name": lowCardinality(name) };
    }
    return this.#attributes;
  }
}

/** Runs code of the app below that of a pool: a connection that it opens is not the pool's. */
export function outsideOfPool<Result>(work: () => Result): Result {
  return openingPool.run(undefined, work);
}

/**
 * Calls a method that takes a connection out of a pool, and records the wait for it.
 *
 * @param args of the method; a callback among them, `(error, connection)`, is replaced
 * @param isTimeout whether an error means that no connection was obtained in time
 * @returns the method's result, or a promise with the same outcome
 * @throws the method's error
 */
export function observeCheckOut(
  times: PoolTimes,
  args: unknown[],
  checkOut: () => unknown,
  isTimeout: (error: unknown) => boolean,
): unknown {
  const request = times.request();
  const ended = (error: unknown, connection: unknown): void => {
    if (error === undefined || error === null) times.borrowed(connection, request);
    else if (tryRead(() => isTimeout(error)) === true) times.timedOut(request);
  };
  const at = args.findLastIndex((arg) => typeof arg === "function");
  if (at !== -1) {
    args[at] = observed(args[at] as Callback, ended);
    return checkOut();
  }
  const result = checkOut();
  if (!isThenable(result)) return result;
  return result.then(
    (connection) => {
      ended(undefined, connection);
      return connection;
    },
    (error: unknown) => {
      ended(error, undefined);
      throw error;
    },
  );
}

/**
 * Calls a method that opens a connection; records how long it took if a pool is
 * running that method.
 *
 * @param args of the method; a callback among them, `(error)`, is replaced
 * @returns the method's result
 * @throws the method's error
 */
export function observeOpening(args: unknown[], open: () => unknown): unknown {
  const times = openingPool.get();
  if (times === undefined) return open();
  const startedAt = now();
  const created = (): void => times.created((now() - startedAt) / 1000);
  const at = args.findLastIndex((arg) => typeof arg === "function");
  if (at !== -1) {
    args[at] = observed(args[at] as Callback, (error) => {
      if (error === undefined || error === null) created();
    });
    return outsideOfPool(open);
  }
  const result = outsideOfPool(open);
  if (!isThenable(result)) return result;
  return result.then((value) => {
    created();
    return value;
  });
}

type Callback = (this: unknown, error: unknown, value: unknown, ...rest: unknown[]) => unknown;

/** Returns the callback, before which `listener` is called. */
function observed(
  callback: Callback,
  listener: (error: unknown, value: unknown) => void,
): Callback {
  return function (error, value, ...rest) {
    listener(error, value);
    return outsideOfPool(() => Reflect.apply(callback, this, [error, value, ...rest]));
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
