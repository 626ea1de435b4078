import type { Context as ApiContext, Span } from "@opentelemetry/api";
import type { Holder } from "./holder.ts";

/**
 * The keys that every copy of `@opentelemetry/api` and of the SDK uses: its
 * `createContextKey` is `Symbol.for(description)`.
 */
export const SPAN_KEY: symbol = Symbol.for("OpenTelemetry Context Key SPAN");
const SUPPRESSED_KEY: symbol = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const HOLDER_KEY: symbol = Symbol.for("telltale.holder");

/**
 * An immutable context. The values that every request has (span, holder,
 * suppression) are fields, so that reading them is no map look-up; all others
 * hang on a chain, which is short and rarely walked.
 */
export class Context implements ApiContext {
  readonly span: Span | undefined;
  readonly holder: Holder | undefined;
  readonly suppressed: boolean;
  #rest: Link | undefined;

  constructor(
    span: Span | undefined,
    holder: Holder | undefined,
    suppressed: boolean,
    rest: Link | undefined,
  ) {
    this.span = span;
    this.holder = holder;
    this.suppressed = suppressed;
    this.#rest = rest;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY && this.span !== undefined) return this.span;
    if (key === HOLDER_KEY) return this.holder;
    if (key === SUPPRESSED_KEY) return this.suppressed ? true : undefined;
    for (let link = this.#rest; link !== undefined; link = link.next) {
      if (link.key === key) return link.value;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN_KEY && (value === undefined || isSpan(value))) return this.withSpan(value);
    if (key === HOLDER_KEY) return this.withHolder(value as Holder | undefined);
    if (key === SUPPRESSED_KEY) {
      return new Context(this.span, this.holder, value === true, this.#rest);
    }
    return new Context(this.span, this.holder, this.suppressed, {
      key,
      value,
      next: this.#rest,
    });
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  withSpan(span: Span | undefined): Context {
    return new Context(span, this.holder, this.suppressed, this.#rest);
  }

  withHolder(holder: Holder | undefined): Context {
    return new Context(this.span, holder, this.suppressed, this.#rest);
  }

  /** A copy that may `become` another one. */
  copy(): Context {
    return new Context(this.span, this.holder, this.suppressed, this.#rest);
  }

  /**
   * Takes over all that `other` holds. Only for contexts that are entered before it is known what
   * they are of (`message-loop.ts`).
   */
  become(other: Context): void {
    const fields = this as {
      -readonly [Field in "span" | "holder" | "suppressed"]: Context[Field];
    };
    fields.span = other.span;
    fields.holder = other.holder;
    fields.suppressed = other.suppressed;
    this.#rest = other.#rest;
  }
}

interface Link {
  readonly key: symbol;
  readonly value: unknown;
  readonly next: Link | undefined;
}

/** The context outside of all work. */
export const ROOT: Context = new Context(undefined, undefined, false, undefined);

export function spanIn(context: ApiContext): Span | undefined {
  if (context instanceof Context) return context.span;
  const value = foreignValue(context, SPAN_KEY);
  return isSpan(value) ? value : undefined;
}

export function holderIn(context: ApiContext): Holder | undefined {
  if (context instanceof Context) return context.holder;
  const value = foreignValue(context, HOLDER_KEY);
  return typeof value === "object" && value !== null ? (value as Holder) : undefined;
}

export function isSuppressed(context: ApiContext): boolean {
  return context instanceof Context
    ? context.suppressed
    : foreignValue(context, SUPPRESSED_KEY) === true;
}

/** What the app gave as a context, or undefined where it is none. Never throws. */
export function contextFrom(given: unknown): ApiContext | undefined {
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

/** Of a context that another copy of the API, or the app, has made. */
function foreignValue(context: ApiContext, key: symbol): unknown {
  try {
    return context.getValue(key);
  } catch {
    return undefined;
  }
}

/** Whether it says its ids: the app may put anything where a span belongs. */
function isSpan(value: unknown): value is Span {
  try {
    const { traceId, spanId } = (value as Span).spanContext();
    return typeof traceId === "string" && typeof spanId === "string";
  } catch {
    return false;
  }
}

/** A context under which nothing is traced: for our own exports. */
export function suppressed(context: ApiContext): ApiContext {
  return context.setValue(SUPPRESSED_KEY, true);
}
