import { Stream } from "node:stream";
import { type Context, context as contexts } from "@opentelemetry/api";
import { now } from "../../../clock.ts";
import type { CallRecorder } from "../../../development/call-recorder.ts";
import { tryRead } from "../../../try-read.ts";
import { CallTarget } from "../../database-client/call-target.ts";
import { describeError, type DatabaseFailure } from "../../database-client/database-failure.ts";
import { SqlCalls } from "../../database-client/sql-calls.ts";
import type { AdaptorDeps } from "../../loading/adaptor.ts";
import { bindEvents } from "../../loading/caller-context.ts";

/** The parts of a query that are used. */
export interface Query {
  readonly strings: readonly string[];
  /**
   * Cancels queries of its client, one function for each client; null once the app
   * has cancelled this one, absent for a query that a connection sends on its own.
   */
  readonly canceller?: object | null;
  readonly executed: boolean;
  /** Number of rows per batch of a cursor. */
  readonly cursorRows?: number;
  /** Whether the statement is prepared and described only. */
  readonly onlyDescribe?: boolean;
  /** Text with all fragments, set when the query is sent. */
  readonly string?: string;
  /** Set with `string`. */
  readonly parameters?: readonly unknown[];
  resolve: Settle;
  reject: Settle;
}

type Settle = (value: unknown) => void;

/** A query that runs. */
interface Run {
  readonly query: Query;
  readonly client: object;
  readonly context: Context;
  readonly startedAt: number;
  /** Whether the app has received the stream of a COPY. */
  isStreamed: boolean;
  isEnded: boolean;
}

/**
 * Records queries when they end, because their text is built when a connection
 * sends them. Their spans start when the app runs them.
 */
export class QueryRecorder {
  readonly #calls: SqlCalls;
  readonly #recorder: CallRecorder | undefined;
  /** Databases by the `canceller` of their client. */
  readonly #targets = new WeakMap<object, CallTarget>();
  /** Cursors that run. */
  readonly #cursors = new WeakMap<Query, Run>();

  constructor(deps: AdaptorDeps, version: string) {
    this.#recorder = deps.viewerCalls;
    const options = { scope: "postgres", version, needsParent: false };
    this.#calls = new SqlCalls(deps, "standard", { ...options, describe: describePostgresError });
  }

  setTarget({ canceller }: Query, target: CallTarget): void {
    if (canceller && !this.#targets.has(canceller)) this.#targets.set(canceller, target);
  }

  /** Records `query` if this call runs it, and not an earlier one. */
  watch(query: Query): void {
    const { executed, canceller: client } = query;
    if (executed || !client) return;
    const context = this.#recorder?.contextOfQuery(query) ?? contexts.active();
    const run = { query, client, context, startedAt: now(), isStreamed: false, isEnded: false };
    if (query.cursorRows !== undefined) this.#cursors.set(query, run);
    this.#attach(run);
  }

  /** Watches a cursor whose `resolve` and `reject` were replaced. */
  watchAgain(query: Query): void {
    const run = this.#cursors.get(query);
    if (run !== undefined) this.#attach(run);
  }

  /** Replaces functions of the query, since a handler of its promise would hide its rejection. */
  #attach(run: Run): void {
    const { query } = run;
    const { resolve, reject } = query;
    query.resolve = (value) => {
      if (value instanceof Stream) this.#passStream(run, value);
      else this.#succeed(run, value);
      resolve(value);
    };
    query.reject = (error) => {
      this.#fail(run, error);
      reject(error);
    };
  }

  /** Ends a COPY that the app leaves early; the server's response ends any other one. */
  #passStream(run: Run, stream: Stream): void {
    run.isStreamed = true;
    contexts.with(run.context, bindEvents, undefined, stream);
    stream.once("close", () => this.#succeed(run));
  }

  /** A description is part of the statement's first call, and a call of its own if it fails. */
  #succeed(run: Run, rows?: unknown): void {
    if (run.query.onlyDescribe !== true) this.#record(run, undefined, rows);
  }

  #fail(run: Run, error: unknown): void {
    if (isNoCall(run, error)) return;
    if (isAborted(run, error)) this.#record(run);
    else this.#record(run, { error });
  }

  #record(run: Run, failure?: { readonly error: unknown }, rows?: unknown): void {
    if (run.isEnded) return;
    run.isEnded = true;
    const { query, client, context, startedAt } = run;
    const target = this.#targets.get(client) ?? UNKNOWN_TARGET;
    const { text, values } = statementOf(query);
    const call = contexts.with(context, () =>
      this.#calls.start(target, text, values.length > 0, startedAt, values),
    );
    if (failure === undefined) call.succeed(rows);
    else call.fail(failure.error);
  }
}

/** Target of a client none of whose queries has reached a connection. */
const UNKNOWN_TARGET = new CallTarget({ system: "postgresql" });

interface Statement {
  readonly text: string;
  /** Those that are passed separately. */
  readonly values: readonly unknown[];
}

function statementOf(query: Query): Statement {
  const { string: text, parameters = [] } = query;
  // Not every app passes a string to `sql.unsafe()`.
  if (typeof text !== "string") return unsentStatement(query);
  return { text, values: parameters };
}

/**
 * Describes a query that was never sent by its template, with a parameter for each
 * value, name and helper. Building its text would run code of the app.
 */
function unsentStatement({ strings }: Query): Statement {
  const parts: readonly unknown[] = Array.isArray(strings) ? strings : [];
  if (parts.length === 0 || !parts.every((part) => typeof part === "string")) return NO_STATEMENT;
  const text = parts.reduce((before, part, at) => `${before}$${at}${part}`);
  return { text, values: [] };
}

const NO_STATEMENT: Statement = { text: "", values: [] };

/**
 * Whether the query was not sent because its client was closed before, as that of
 * `sql.listen()` is, or because the file of `sql.file()` cannot be read.
 */
function isNoCall({ query }: Run, error: unknown): boolean {
  return codeOf(error) === "CONNECTION_ENDED" || query.strings.length === 0;
}

/** Whether the app cancelled the query, destroyed the stream of its COPY, or closed its client. */
function isAborted({ query, isStreamed }: Run, error: unknown): boolean {
  const code = codeOf(error);
  if (code === "CONNECTION_DESTROYED") return true;
  return code === QUERY_CANCELED && (isStreamed || query.canceller === null);
}

function codeOf(error: unknown): unknown {
  return tryRead(() => (error instanceof Error && "code" in error ? error.code : undefined));
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const QUERY_CANCELED = "57014";

/**
 * Uses the SQLSTATE as status code: https://opentelemetry.io/docs/specs/semconv/database/postgresql/
 * Errors of the client have codes too, but no severity.
 */
function describePostgresError(error: unknown): DatabaseFailure {
  const failure = describeError(error);
  const isServers = error instanceof Error && "severity" in error;
  return isServers ? { ...failure, statusCode: failure.type } : failure;
}
