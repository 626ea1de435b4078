import { type Context as ApiContext, type Span, trace } from "@opentelemetry/api";
import { activeContext } from "../context/manager.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { type CallSite, CallSiteReader, formatCallSite } from "./call-site.ts";
import { commandText, documentText, firstArgument, parameterTexts } from "./call-values.ts";
import { SourcePositions } from "../profiling/source-positions.ts";
import { addViewerAttributes } from "./span-data.ts";

/** Key of the call site in a context, for libraries that make the call later. */
const CALL_SITE: unique symbol = Symbol("telltale.call-site");

/** A longer text of a query is truncated. */
const MAX_TEXT = 10_000;

/**
 * Records what only the viewer receives of calls: where the app makes them, their parameters and
 * rows. No method throws, and nothing is kept but texts, beside their span.
 */
export class CallRecorder {
  readonly #reader = new CallSiteReader(new SourcePositions());
  readonly #redactor: Redactor;
  /** Call sites of objects that make their call when they are awaited, such as a query of an ORM. */
  readonly #siteOfQuery = new WeakMap<object, CallSite>();

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** Records where the app makes the call of a client span that starts. */
  spanStarted(span: object, context: ApiContext): void {
    guarded(() => {
      // Where the library runs, its caller is known, and nearer than any function that waits.
      const site = siteIn(context) ?? this.#reader.read(this.spanStarted);
      const [place] = site ?? [];
      if (site === undefined || place === undefined) return;
      const { file, line, column, function: name } = place;
      addViewerAttributes(span, [
        ...["code.file.path", file, "code.line.number", line, "code.column.number", column],
        ...(name === undefined ? [] : ["code.function.name", name]),
        ...["code.stacktrace", formatCallSite(site)],
      ]);
    });
  }

  /**
   * Returns the active context with the place in the app that calls, so that a call which the
   * library makes later has it.
   */
  contextOfCaller(): ApiContext {
    const context = activeContext();
    // The library calls itself.
    if (siteIn(context) !== undefined) return context;
    const site = guarded(() => this.#reader.read(this.contextOfCaller));
    return site === undefined ? context : context.setValue(CALL_SITE, site);
  }

  /**
   * Returns where the app makes a call that has no span, such as taking a connection out of
   * its pool; undefined if it is not the app's code that does.
   */
  placeOfCaller(): string | undefined {
    return guarded(() => {
      const [place] = siteIn(activeContext()) ?? this.#reader.read(this.placeOfCaller) ?? [];
      if (place === undefined) return undefined;
      const name = place.function === undefined ? "" : ` (${place.function})`;
      return `${place.file}:${place.line}${name}`;
    });
  }

  /**
   * Records that a call waited for a connection, and who has the others.
   *
   * @param held the places that have taken connections, with their number and their time in ms.
   */
  waitedForConnection(
    context: ApiContext,
    pool: string,
    waitedMs: number,
    held: readonly { readonly place: string; readonly count: number; readonly ms: number }[],
  ): void {
    guarded(() => {
      const span = trace.getSpan(context);
      if (span === undefined) return;
      addViewerAttributes(span, [
        ...["telltale.connection.pool", pool, "telltale.connection.wait_ms", Math.round(waitedMs)],
        "telltale.connection.held",
        held.map(({ place, count, ms }) => `${count} ${Math.round(ms)} ${place}`),
      ]);
    });
  }

  /** As `contextOfCaller`, where a library has captured the stack of its caller. */
  contextOfStack(stack: string): ApiContext {
    const context = activeContext();
    const site = guarded(() => this.#reader.parse(stack));
    return site === undefined ? context : context.setValue(CALL_SITE, site);
  }

  /** As `contextOfCaller`, for the execution of a query whose creation may be known. */
  contextOfQuery(query: object): ApiContext {
    const known = this.#siteOfQuery.get(query);
    return known === undefined
      ? this.contextOfCaller()
      : activeContext().setValue(CALL_SITE, known);
  }

  /** Records where a query is created that makes its call when it is awaited. */
  queryCreated(query: object, context: ApiContext): void {
    const site = siteIn(context);
    if (site !== undefined && !this.#siteOfQuery.has(query)) this.#siteOfQuery.set(query, site);
  }

  /** Records the text and the parameters of a statement. */
  statement(span: Span | undefined, sql: string, values: unknown): void {
    if (span === undefined) return;
    guarded(() => {
      const text = this.#redactor.text(sql.slice(0, MAX_TEXT));
      addViewerAttributes(span, ["db.query.text", text]);
      for (const [key, value] of parameterTexts(values)) {
        addViewerAttributes(span, [`db.query.parameter.${key}`, this.#redacted(key, value)]);
      }
    });
  }

  /** Records a command of Redis with its arguments. */
  command(span: Span | undefined, operation: string, args: readonly unknown[]): void {
    if (span === undefined) return;
    guarded(() => {
      const text = this.#redactor.text(commandText(operation, args));
      addViewerAttributes(span, ["db.query.text", text]);
      const key = firstArgument(operation, args);
      if (key !== undefined) {
        addViewerAttributes(span, ["telltale.cache.key", this.#redactor.text(key)]);
      }
    });
  }

  /** Records whether a lookup in a cache found all keys. */
  lookup(span: Span | undefined, isHit: boolean): void {
    if (span !== undefined)
      addViewerAttributes(span, ["telltale.cache.result", isHit ? "hit" : "miss"]);
  }

  /** Records a command of MongoDB with its values. */
  document(span: Span | undefined, command: object): void {
    if (span === undefined) return;
    guarded(() => {
      const text = documentText(command, (name, value) => this.#redacted(name, value));
      addViewerAttributes(span, ["db.query.text", text.slice(0, MAX_TEXT)]);
    });
  }

  rows(span: Span | undefined, count: number): void {
    if (span !== undefined) addViewerAttributes(span, ["db.response.returned_rows", count]);
  }

  #redacted(name: string, text: string): string {
    return String(this.#redactor.field(name, text));
  }
}

function siteIn(context: ApiContext): CallSite | undefined {
  return context.getValue(CALL_SITE) as CallSite | undefined;
}

/** Runs what must not fail the app's call: a frozen object, no memory left. */
function guarded<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    // The viewer has less of this call.
    return undefined;
  }
}
