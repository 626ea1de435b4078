import type { Context as ApiContext, Span } from "@opentelemetry/api";
import type { UnitOfWork } from "./unit-of-work.ts";

/**
 * Keys of every copy of `@opentelemetry/api` and of the SDK: their
 * `createContextKey` is `Symbol.for(description)`.
 */
export const SPAN_KEY: symbol = Symbol.for("OpenTelemetry Context Key SPAN");
const SUPPRESS_TRACING_KEY: symbol = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const UNIT_OF_WORK_KEY: symbol = Symbol.for("telltale.unit-of-work");

/**
 * An immutable context. The values that every request has (span, unit of work,
 * suppression) are fields, so that reading them is no map look-up. All others are in
 * a linked list, which is short and rarely read.
 */
export class Context implements ApiContext {
  readonly span: Span | undefined;
  /** The unit of work; opaque here, see `unitOfWorkIn` and `unit-access.ts`. */
  readonly unit: object | undefined;
  readonly suppressed: boolean;
  #entries: ContextEntry | undefined;

  constructor(
    span: Span | undefined,
    unit: object | undefined,
    suppressed: boolean,
    entries: ContextEntry | undefined,
  ) {
    this.span = span;
    this.unit = unit;
    this.suppressed = suppressed;
    this.#entries = entries;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY && this.span !== undefined) return this.span;
    if (key === UNIT_OF_WORK_KEY) return this.unit;
    if (key === SUPPRESS_TRACING_KEY) return this.suppressed ? true : undefined;
    for (let entry = this.#entries; entry !== undefined; entry = entry.next) {
      if (entry.key === key) return entry.value;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN_KEY && (value === undefined || isSpan(value))) return this.withSpan(value);
    if (key === UNIT_OF_WORK_KEY) return this.withUnitOfWork(value as UnitOfWork | undefined);
    if (key === SUPPRESS_TRACING_KEY) {
      return new Context(this.span, this.unit, value === true, this.#entries);
    }
    return new Context(this.span, this.unit, this.suppressed, {
      key,
      value,
      next: this.#entries,
    });
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  withSpan(span: Span | undefined): Context {
    return new Context(span, this.unit, this.suppressed, this.#entries);
  }

  withUnitOfWork(unit: UnitOfWork | undefined): Context {
    return new Context(this.span, unit, this.suppressed, this.#entries);
  }

  /** Returns a copy, whose values `replaceWith` may replace. */
  copy(): Context {
    return new Context(this.span, this.unit, this.suppressed, this.#entries);
  }

  /**
   * Replaces all values with those of `other`. Only for contexts that become active before their
   * values are known (`traced-async-iterator.ts`).
   */
  replaceWith(other: Context): void {
    const fields = this as {
      -readonly [Field in "span" | "unit" | "suppressed"]: Context[Field];
    };
    fields.span = other.span;
    fields.unit = other.unit;
    fields.suppressed = other.suppressed;
    this.#entries = other.#entries;
  }
}

interface ContextEntry {
  readonly key: symbol;
  readonly value: unknown;
  readonly next: ContextEntry | undefined;
}

/** The context outside of any unit of work. */
export const ROOT_CONTEXT: Context = new Context(undefined, undefined, false, undefined);

export function spanIn(context: ApiContext): Span | undefined {
  if (context instanceof Context) return context.span;
  const value = foreignValue(context, SPAN_KEY);
  return isSpan(value) ? value : undefined;
}

export function unitOfWorkIn(context: ApiContext): UnitOfWork | undefined {
  if (context instanceof Context) return context.unit as UnitOfWork | undefined;
  const value = foreignValue(context, UNIT_OF_WORK_KEY);
  return typeof value === "object" && value !== null ? (value as UnitOfWork) : undefined;
}

export function isTracingSuppressed(context: ApiContext): boolean {
  return context instanceof Context
    ? context.suppressed
    : foreignValue(context, SUPPRESS_TRACING_KEY) === true;
}

/** Returns the context that an app has passed, or undefined where it is none. Never throws. */
export function asContext(given: unknown): ApiContext | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  try {
    if (given instanceof Context) return given;
    const { getValue, setValue, deleteValue } = given as Partial<ApiContext>;
    const methods = [getValue, setValue, deleteValue];
    return methods.every((method) => typeof method === "function")
      ? (given as ApiContext)
      : undefined;
  } catch {
    // A revoked proxy, a throwing getter.
    return undefined;
  }
}

/** Reads a context that was created by another copy of the API, or by the app. */
function foreignValue(context: ApiContext, key: symbol): unknown {
  try {
    return context.getValue(key);
  } catch {
    return undefined;
  }
}

/** Whether it returns ids: an app may set any value as the span. */
function isSpan(value: unknown): value is Span {
  try {
    const { traceId, spanId } = (value as Span).spanContext();
    return typeof traceId === "string" && typeof spanId === "string";
  } catch {
    return false;
  }
}

/** Returns a context in which nothing is traced, for telltale's own exports. */
export function suppressTracing(context: ApiContext): ApiContext {
  return context.setValue(SUPPRESS_TRACING_KEY, true);
}
