import type { Attributes, Context as ApiContext, Span, Tracer } from "@opentelemetry/api";
import { SPAN_KEY } from "../../context/context.ts";
import { activeContext, runWithContext } from "../../context/manager.ts";
import { activeRouteRecorder } from "../../context/unit-access.ts";
import { version } from "../../version.ts";
import type { AdaptorDeps } from "../loading/adaptor.ts";

/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/**
 * A span for each function of the app's that a framework calls on a request's
 * way. They cost more than everything else together, so they are made only for
 * the frameworks that `TELLTALE_MIDDLEWARE_SPANS` names: an adaptor that gets
 * none of this patches nothing for it.
 */
export class MiddlewareSpans {
  readonly #framework: string;
  readonly #tracer: Tracer;

  constructor(framework: string, tracer: Tracer) {
    this.#framework = framework;
    this.#tracer = tracer;
  }

  /**
   * Undefined outside of any request.
   *
   * @param label begins the span's name: `middleware` of `middleware - compress`
   * @param name of the function; left out, the route's pattern
   * @param type is the attribute `<framework>.type`, for which upstream's
   * instrumentations have the same values
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
    // Who answers passes nothing on: with the response it is over.
    unit.onEnded(() => started.end());
    return started;
  }
}

/** The spans that a framework's adaptor makes; undefined where nobody asked for them. */
export function createMiddlewareSpans(
  framework: string,
  { options, tracerProvider }: AdaptorDeps,
): MiddlewareSpans | undefined {
  if (options["middlewareSpans"] !== true) return undefined;
  return new MiddlewareSpans(framework, tracerProvider.getTracer(`telltale/${framework}`, version));
}

const ANONYMOUS = "<anonymous>";

/** What a function is called on its span. */
export function functionName({ name }: { readonly name: string }): string {
  return name === "" ? ANONYMOUS : name;
}

/** One function while it runs. */
export class MiddlewareSpan {
  readonly #span: Span;
  readonly #outer: ApiContext;
  #ended = false;

  constructor(span: Span, outer: ApiContext) {
    this.#span = span;
    this.#outer = outer;
  }

  /** Runs the function below its span, which ends when it throws, or its promise settles. */
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

  /** A promise in the place of the function's, so that one nobody listens to stays unheard. */
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

  /** What the function hands on to is not below its span, but beside it. */
  continueWith<R>(work: () => R, error?: unknown): R {
    this.end(error);
    return runWithContext(this.#outer, work);
  }

  /** @param error what it failed with, if it has */
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
