import { types } from "node:util";
import type { Histogram } from "@opentelemetry/api";
import type { EventFields } from "../../api.ts";
import { now, wallClock } from "../../clock.ts";
import { errorTypeOf } from "../../context/error-type.ts";
import { activeLogContext, type LogContext } from "../correlation.ts";
import { BoundedNames } from "./bounded-names.ts";
import type { EventDeps } from "./event-deps.ts";
import { EventLog } from "./event-log.ts";

/** Boundaries in seconds, for operations from a cached lookup to a nightly import. */
const BOUNDARIES = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

const INVALID_OPERATION =
  "logPerformance expects the name of an operation and its duration in seconds, a number of 0 or more; the call is ignored";

/** Operations that the app has measured, or that telltale measures for it. */
export class Operations {
  readonly #log: EventLog;
  readonly #duration: Histogram;
  readonly #names = new BoundedNames();
  readonly #diagnostics: EventDeps["diagnostics"];

  constructor({ provider, meter, diagnostics }: EventDeps) {
    this.#log = new EventLog(provider, { name: "telltale/performance", addsBreadcrumbs: true });
    this.#diagnostics = diagnostics;
    this.#duration = meter.createHistogram("telltale.operation.duration", {
      description: "Duration of operations of the app.",
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  }

  /** Logs an operation; an invalid one is reported. Throws if reading `fields` does. */
  add(operation: string, seconds: number, fields: EventFields | undefined): void {
    const isValid = typeof operation === "string" && operation !== "" && seconds >= 0;
    if (isValid && Number.isFinite(seconds)) this.#add(operation, seconds, fields, {});
    else this.#diagnostics.warn("performance", INVALID_OPERATION);
  }

  /** Runs `work`, and logs it at its end. Its result, error or rejection is passed on unchanged. */
  time<R>(operation: string, work: () => R, fields: EventFields | undefined): R {
    const startedAt = now();
    const context = activeLogContext();
    return runTimed(work, (errorType) => {
      try {
        const seconds = (now() - startedAt) / 1000;
        this.#add(operation, seconds, fields, { errorType, context });
      } catch {
        // Fields that throw when they are read. The result of `work` is not affected.
      }
    });
  }

  #add(
    operation: string,
    seconds: number,
    fields: EventFields | undefined,
    { errorType, context = activeLogContext() }: OperationEnd,
  ): void {
    const error = errorType === undefined ? {} : { "error.type": errorType };
    const name = { "telltale.operation.name": this.#names.bound(operation), ...error };
    this.#duration.record(seconds, name, context.context);
    const event = {
      name: "telltale.operation.completed",
      level: errorType === undefined ? "info" : "warn",
      message: "operation completed",
      time: wallClock(),
      attributes: {
        "telltale.operation.name": operation,
        "telltale.operation.duration": Math.round(seconds * 1e6) / 1e6,
        ...error,
        ...fields,
      },
    } as const;
    this.#log.write(event, context);
  }
}

interface OperationEnd {
  /** Undefined if it succeeded. */
  readonly errorType?: string | undefined;
  /** Default: the active one. */
  readonly context?: LogContext;
}

/**
 * Runs `work` without a `catch`, which Node would show as the place where an error was
 * thrown, so that the type of a synchronous error is not known.
 */
function runTimed<R>(work: () => R, onEnd: (errorType?: string) => void): R {
  let isThrown = true;
  try {
    const result = work();
    isThrown = false;
    if (types.isPromise(result)) return endAfter(result, onEnd) as R;
    onEnd();
    return result;
  } finally {
    if (isThrown) onEnd("_OTHER");
  }
}

/** Returns a promise with the same outcome: an unhandled rejection stays one. */
function endAfter(
  promise: Promise<unknown>,
  onEnd: (errorType?: string) => void,
): Promise<unknown> {
  return promise.then(
    (value) => {
      onEnd();
      return value;
    },
    (error: unknown) => {
      onEnd(errorTypeOf(error));
      throw error;
    },
  );
}
