import type { Attributes, Counter, Meter } from "@opentelemetry/api";
import { ROOT_CONTEXT } from "../context/context.ts";
import { errorTypeOf } from "../context/error-type.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import { lowCardinality } from "../low-cardinality.ts";

/**
 * Counts exceptions by route or job and by type, with or without Sentry. The
 * conventions have no such metric for Node; .NET's is `dotnet.exceptions`.
 */
export class ExceptionCounter {
  readonly #exceptions: Counter;
  /** The unit of work, or the process, in which an error was last counted. */
  readonly #countedIn = new WeakMap<object, WeakRef<object>>();

  constructor(meter: Meter) {
    this.#exceptions = meter.createCounter("telltale.exceptions", {
      description:
        "The number of exceptions that the app captured, or that failed a request, a message or a job.",
      unit: "{exception}",
    });
  }

  /**
   * Counts an error once in each unit of work, which the app may have captured before
   * it fails the request.
   *
   * @param unit undefined outside of all units of work
   * @param isHandled whether the app captured it
   */
  add(error: unknown, unit: ErrorSlot | undefined, isHandled: boolean): void {
    if (this.#isCounted(error, unit ?? process)) return;
    const attributes = {
      "error.type": lowCardinality(errorTypeOf(error)),
      "telltale.exception.handled": isHandled,
      ...placeOf(unit),
    };
    const context = unit?.span === undefined ? ROOT_CONTEXT : ROOT_CONTEXT.withSpan(unit.span);
    this.#exceptions.add(1, attributes, context);
  }

  #isCounted(error: unknown, place: object): boolean {
    if (typeof error !== "object" || error === null) return false;
    if (this.#countedIn.get(error)?.deref() === place) return true;
    this.#countedIn.set(error, new WeakRef(place));
    return false;
  }
}

/** Returns the endpoint or the job, with the attributes of their durations. */
function placeOf(unit: ErrorSlot | undefined): Attributes {
  if (unit === undefined) return {};
  const job = unit.jobInfo();
  if (job !== undefined) return { "telltale.job.name": lowCardinality(job.name) };
  const { method } = unit;
  const route = unit.currentRoute();
  return {
    ...(method !== undefined && { "http.request.method": method }),
    ...(route !== undefined && { "http.route": route }),
  };
}
