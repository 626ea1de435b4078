import type { ErrorEvent, Event, EventHint } from "@sentry/core";
import type { ModuleReference } from "../../config/config.ts";
import { describeThrown } from "../../files/app-module.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { TimeLimit } from "../../export/connection/time-limit.ts";
import type { Breadcrumb } from "../../api.ts";
import { isObject, readProperty } from "../readable-error.ts";
import { type EventFilters, FilterModuleError, loadFilters } from "./filter-module.ts";
import { minimalEvent } from "./minimal-event.ts";

/** Time limit of a filter, in milliseconds. */
const TIME_LIMIT_MS = 2_000;

type Filtered = ErrorEvent | null;

/** Loads the filters that `TELLTALE_BEFORE_SEND` names. Never throws. */
export function createEventFilter(
  reference: ModuleReference,
  diagnostics: Diagnostics,
): EventFilter {
  return new EventFilter("TELLTALE_BEFORE_SEND", loadFilters(reference), diagnostics);
}

/**
 * Runs the filters of an app. A filter may be there to remove secrets, so an event whose
 * filter fails is neither lost nor sent as it is: a minimal event takes its place.
 */
export class EventFilter {
  /** The variable that names the filters. */
  readonly #source: string;
  readonly #diagnostics: Diagnostics;
  #filters: EventFilters | FilterModuleError | PromiseLike<EventFilters | FilterModuleError>;
  /** Events whose filter has not returned, by hint. */
  readonly #unfinished = new WeakMap<EventHint, Event>();
  /** Whether a filter is running, and is not waiting. */
  #isRunning = false;
  readonly #timeLimitMs: number;

  constructor(
    source: string,
    filters: EventFilters | FilterModuleError | Promise<EventFilters | FilterModuleError>,
    diagnostics: Diagnostics,
    timeLimitMs: number = TIME_LIMIT_MS,
  ) {
    this.#source = source;
    this.#diagnostics = diagnostics;
    this.#timeLimitMs = timeLimitMs;
    this.#filters = filters;
    if (filters instanceof FilterModuleError) this.#logModule(filters);
    if (!(filters instanceof Promise)) return;
    void filters.then((loaded) => {
      this.#filters = loaded;
      if (loaded instanceof FilterModuleError) this.#logModule(loaded);
    });
  }

  /** Runs the filters of an event; synchronously, if they are. Null drops it. Never throws or rejects. */
  run(event: Event, hint: EventHint): Filtered | Promise<Filtered> {
    // The filter itself has captured this event.
    if (this.#isRunning) return minimalEvent(event, "captured by beforeSend");
    const result = this.#start(event, hint);
    return isThenable(result) ? this.#awaitResult(event, hint, result) : this.#check(event, result);
  }

  /** Returns the minimal form of an event whose filter has not returned; undefined for any other. */
  interrupt(hint: EventHint): ErrorEvent | undefined {
    const event = this.#unfinished.get(hint);
    if (event === undefined) return undefined;
    this.#unfinished.delete(hint);
    return this.#fail(event, "exit", "beforeSend did not return before the process exited");
  }

  #start(event: Event, hint: EventHint): unknown {
    const filters = this.#filters;
    if (filters instanceof FilterModuleError) return minimalEvent(event, NOT_LOADED);
    if (isThenable(filters))
      return filters.then((loaded) =>
        loaded instanceof FilterModuleError
          ? minimalEvent(event, NOT_LOADED)
          : this.#apply(loaded, event, hint),
      );
    return this.#apply(filters, event, hint);
  }

  /** Returns whatever the filter returns. */
  #apply({ beforeSend, beforeBreadcrumb }: EventFilters, event: Event, hint: EventHint): unknown {
    this.#isRunning = true;
    try {
      if (beforeBreadcrumb !== undefined) this.#filterBreadcrumbs(beforeBreadcrumb, event);
      return beforeSend === undefined ? event : beforeSend(event, hint);
    } catch (error) {
      return this.#onThrown(event, error);
    } finally {
      this.#isRunning = false;
    }
  }

  /** A breadcrumb whose filter fails is dropped. */
  #filterBreadcrumbs(beforeBreadcrumb: (breadcrumb: Breadcrumb) => unknown, event: Event): void {
    event.breadcrumbs = (event.breadcrumbs ?? []).flatMap((breadcrumb) => {
      try {
        const result = beforeBreadcrumb(breadcrumb);
        if (isObject(result) && !isThenable(result)) return [result];
        if (result !== null) this.#log("breadcrumb", RETURNS_NO_BREADCRUMB);
      } catch (error) {
        const text = `beforeBreadcrumb throws ${describeThrown(error)}; its breadcrumbs are dropped`;
        this.#log("breadcrumb", text);
      }
      return [];
    });
  }

  #awaitResult(event: Event, hint: EventHint, result: PromiseLike<unknown>): Promise<Filtered> {
    this.#unfinished.set(hint, event);
    return new Promise((resolve) => {
      const settle = (filtered: () => Filtered): void => {
        limit.clear();
        // Otherwise it was interrupted, or has taken too long.
        if (this.#unfinished.delete(hint)) resolve(filtered());
      };
      const limit = new TimeLimit(this.#timeLimitMs, () => {
        const failure = `beforeSend took more than ${this.#timeLimitMs} ms`;
        settle(() => this.#fail(event, "time", failure));
      });
      // The thenable of an app may throw.
      void Promise.resolve(result).then(
        (value) => settle(() => this.#check(event, value)),
        (error: unknown) => settle(() => this.#onThrown(event, error)),
      );
    });
  }

  #check(event: Event, result: unknown): Filtered {
    if (result === null) return result;
    // A copy, because the filter may have frozen it.
    if (isEvent(result)) return { event_id: event.event_id, ...result } as ErrorEvent;
    return this.#fail(event, "result", "beforeSend returned neither an event nor null");
  }

  #onThrown(event: Event, error: unknown): ErrorEvent {
    return this.#fail(event, "throw", "beforeSend threw", describeThrown(error));
  }

  #fail(event: Event, key: string, failure: string, detail = ""): ErrorEvent {
    this.#log(key, `${failure}${detail && ` ${detail}`}; ${WITHOUT_DATA}`);
    return minimalEvent(event, failure);
  }

  #logModule({ reason }: FilterModuleError): void {
    this.#log("module", `the module can't be used: ${reason}; ${WITHOUT_DATA}`);
  }

  #log(key: string, text: string): void {
    this.#diagnostics.warn(`errors.before-send.${key}`, `${this.#source}: ${text}`);
  }
}

const WITHOUT_DATA = "such events are sent without messages and data";
const NOT_LOADED = "the module with beforeSend can't be used";
const RETURNS_NO_BREADCRUMB =
  "beforeBreadcrumb returned neither a breadcrumb nor null; such breadcrumbs are dropped";

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof readProperty(value, "then") === "function";
}

/** Whether a result is an event of an error: a plain object, and no transaction. */
function isEvent(result: unknown): result is Event {
  try {
    const isPlain = Object.prototype.toString.call(result) === "[object Object]";
    return isPlain && (result as Event).type === undefined;
  } catch {
    return false;
  }
}
