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
    if (key === SPAN_KEY) return this.span;
    if (key === HOLDER_KEY) return this.holder;
    if (key === SUPPRESSED_KEY) return this.suppressed ? true : undefined;
    for (let link = this.#rest; link !== undefined; link = link.next) {
      if (link.key === key) return link.value;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN_KEY) return this.withSpan(value as Span | undefined);
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
  return context instanceof Context
    ? context.span
    : (context.getValue(SPAN_KEY) as Span | undefined);
}

export function holderIn(context: ApiContext): Holder | undefined {
  return context instanceof Context
    ? context.holder
    : (context.getValue(HOLDER_KEY) as Holder | undefined);
}

export function isSuppressed(context: ApiContext): boolean {
  return context instanceof Context
    ? context.suppressed
    : context.getValue(SUPPRESSED_KEY) === true;
}

/** A context under which nothing is traced: for our own exports. */
export function suppressed(context: ApiContext): ApiContext {
  return context.setValue(SUPPRESSED_KEY, true);
}
