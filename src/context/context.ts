import type { Context as ApiContext, Span } from "@opentelemetry/api";
import type { UnitOfWork } from "./unit-of-work.ts";
import type { IdSlot } from "./unit-views.ts";

/**
 * Keys of every copy of `@opentelemetry/api` and of the SDK: their
 * `createContextKey` is `Symbol.for(description)`.
 */
export const SPAN_KEY: symbol = Symbol.for("OpenTelemetry Context Key SPAN");
const SUPPRESS_TRACING_KEY: symbol = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const UNIT_OF_WORK_KEY: symbol = Symbol.for("telltale.unit-of-work");
const PART_KEY: symbol = Symbol.for("telltale.isolated-part");

/**
 * An immutable context. The values that every request or every log line reads (span,
 * unit of work and the isolated part of it, suppression) are fields, so that reading
 * them is no map look-up. All others are in a linked list, which is short and rarely
 * read.
 */
export class Context implements ApiContext {
  readonly span: Span | undefined;
  /** The unit of work; opaque here, see `unitOfWorkIn` and `unit-access.ts`. */
  readonly unit: object | undefined;
  readonly suppressed: boolean;
  /** The isolated part of the unit of work; opaque here, see `idsIn`. */
  readonly part: object | undefined;
  #entries: ContextEntry | undefined;

  constructor(
    span: Span | undefined,
    unit: object | undefined,
    suppressed: boolean,
    entries: ContextEntry | undefined,
    part?: object,
  ) {
    this.span = span;
    this.unit = unit;
    this.suppressed = suppressed;
    this.part = part;
    this.#entries = entries;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY && this.span !== undefined) return this.span;
    if (key === UNIT_OF_WORK_KEY) return this.unit;
    if (key === PART_KEY) return this.part;
    if (key === SUPPRESS_TRACING_KEY) return this.suppressed ? true : undefined;
    for (let entry = this.#entries; entry !== undefined; entry = entry.next) {
      if (entry.key === key) return entry.value;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN_KEY && (value === undefined || isSpan(value))) return this.withSpan(value);
    if (key === UNIT_OF_WORK_KEY) return this.withUnitOfWork(value as UnitOfWork | undefined);
    if (key === PART_KEY) return this.withPart(value as IdSlot | undefined);
    if (key === SUPPRESS_TRACING_KEY) {
      return new Context(this.span, this.unit, value === true, this.#entries, this.part);
    }
    const entries = { key, value, next: this.#entries };
    return new Context(this.span, this.unit, this.suppressed, entries, this.part);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  withSpan(span: Span | undefined): Context {
    return new Context(span, this.unit, this.suppressed, this.#entries, this.part);
  }

  /** Returns a context with a unit of work; an isolated part belongs to the unit before. */
  withUnitOfWork(unit: UnitOfWork | undefined): Context {
    return new Context(this.span, unit, this.suppressed, this.#entries);
  }

  withPart(part: IdSlot | undefined): Context {
    return new Context(this.span, this.unit, this.suppressed, this.#entries, part);
  }

  /** Returns a copy, whose values `replaceWith` may replace. */
  copy(): Context {
    return new Context(this.span, this.unit, this.suppressed, this.#entries, this.part);
  }

  /**
   * Replaces all values with those of `other`. Only for contexts that become active before their
   * values are known (`traced-async-iterator.ts`).
   */
  replaceWith(other: Context): void {
    const fields = this as {
      -readonly [Field in "span" | "unit" | "suppressed" | "part"]: Context[Field];
    };
    fields.span = other.span;
    fields.unit = other.unit;
    fields.suppressed = other.suppressed;
    fields.part = other.part;
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

/** Returns the isolated part of a context or, outside of any, its unit of work. */
export function idsIn(context: ApiContext): IdSlot | undefined {
  if (context instanceof Context) {
    return (context.part ?? context.unit) as IdSlot | undefined;
  }
  const part = foreignValue(context, PART_KEY);
  return typeof part === "object" && part !== null ? (part as IdSlot) : unitOfWorkIn(context);
}

/** Returns a context with an isolated part of its unit of work, or with none. */
export function withPart(context: ApiContext, part: IdSlot | undefined): ApiContext {
  return context.setValue(PART_KEY, part);
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
