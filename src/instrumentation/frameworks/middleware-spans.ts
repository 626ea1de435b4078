import type { Attributes, Context as ApiContext, Span, Tracer } from "@opentelemetry/api";
import { SPAN_KEY } from "../../context/context.ts";
import { activeContext, runWithContext } from "../../context/manager.ts";
import { activeRouteRecorder } from "../../context/unit-access.ts";
import { version } from "../../version.ts";
import type { AdaptorDeps } from "../loading/adaptor.ts";

/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/**
 * Creates a span for each of the app's functions that a framework calls while it
 * handles a request. These spans cost more than everything else together, so they
 * exist only for the frameworks that `TELLTALE_MIDDLEWARE_SPANS` names. Without
 * them, an adaptor adds no patches for them.
 */
export class MiddlewareSpans {
  readonly #framework: string;
  readonly #tracer: Tracer;

  constructor(framework: string, tracer: Tracer) {
    this.#framework = framework;
    this.#tracer = tracer;
  }

  /**
   * Starts a span; undefined outside of a request.
   *
   * @param label start of the span's name: `middleware` of `middleware - compress`
   * @param name name of the function; by default, the route's pattern
   * @param type value of the attribute `<framework>.type`, the same as upstream's
   */
  start(label: string, type: string, name?: string): MiddlewareSpan | undefined {
    const unit = activeRouteRecorder();
    if (unit === undefined || unit.ended) return undefined;
    const { route } = unit;
    const displayName = name ?? route ?? ANONYMOUS;
    const attributes: Attributes = {
      [`${this.#framework}.type`]: type,
      [`${this.#framework}.name`]: displayName,
      ...(route !== undefined && { "http.route": route }),
    };
    const outer = activeContext();
    const span = this.#tracer.startSpan(`${label} - ${displayName}`, { attributes }, outer);
    const started = new MiddlewareSpan(span, outer);
    // A function that responds calls no continuation: its span ends with the response.
    unit.onEnded(() => started.end());
    return started;
  }
}

/** Creates the spans of a framework; undefined unless they are enabled. */
export function createMiddlewareSpans(
  framework: string,
  { options, tracerProvider }: AdaptorDeps,
): MiddlewareSpans | undefined {
  if (options["middlewareSpans"] !== true) return undefined;
  return new MiddlewareSpans(framework, tracerProvider.getTracer(`telltale/${framework}`, version));
}

const ANONYMOUS = "<anonymous>";

/** Returns the name of a function for its span. */
export function functionName({ name }: { readonly name: string }): string {
  return name === "" ? ANONYMOUS : name;
}

/** The span of one function while it runs. */
export class MiddlewareSpan {
  readonly #span: Span;
  readonly #outer: ApiContext;
  #ended = false;

  constructor(span: Span, outer: ApiContext) {
    this.#span = span;
    this.#outer = outer;
  }

  /** Runs the function below its span, which ends when it throws or when its promise settles. */
  run<R>(work: () => R): R {
    let result: R;
    try {
      result = runWithContext(this.#outer.setValue(SPAN_KEY, this.#span), work);
    } catch (error) {
      this.end(error);
      throw error;
    }
    return result instanceof Promise ? (this.#endWithPromise(result) as R) : result;
  }

  /** Replaces the function's promise, so that an unhandled rejection is still reported. */
  async #endWithPromise<T>(result: Promise<T>): Promise<T> {
    try {
      const value = await result;
      this.end();
      return value;
    } catch (error) {
      this.end(error);
      throw error;
    }
  }

  /** Ends the span and runs the continuation next to it, not below it. */
  continueWith<R>(work: () => R, error?: unknown): R {
    this.end(error);
    return runWithContext(this.#outer, work);
  }

  /** @param error error of the function, if it failed */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error instanceof Error) {
      this.#span.setStatus({ code: STATUS_ERROR });
      this.#span.setAttribute("error.type", error.name);
    }
    this.#span.end();
  }
}
