import type { Attributes } from "@opentelemetry/api";
import type { AdaptorDeps } from "../loading/adaptor.ts";
import type { CallTarget } from "./call-target.ts";
import { type DatabaseCall, DatabaseCalls, type DatabaseCallsOptions } from "./database-call.ts";
import type { Dialect } from "../../queries/sql-tokens.ts";
import { describeSql, MAX_SQL_LENGTH } from "./sql.ts";

/** Records the SQL statements of one library. */
export class SqlCalls {
  readonly #calls: DatabaseCalls;
  readonly #dialect: Dialect;

  constructor(deps: AdaptorDeps, dialect: Dialect, options: DatabaseCallsOptions) {
    this.#calls = new DatabaseCalls(deps, options);
    this.#dialect = dialect;
  }

  /**
   * Starts a call in the active context.
   *
   * @param isParameterised whether the values are passed separately; the text is
   * then exported unchanged
   * @param startedAt start on the monotonic clock, if it was earlier
   * @param values those that are passed separately, for the viewer
   */
  start(
    target: CallTarget,
    sql: string,
    isParameterised: boolean,
    startedAt?: number,
    values?: unknown,
  ): DatabaseCall {
    const { text, operation, summary } = describeSql(sql, this.#dialect);
    const attributes = target.attributesOf(operation);
    const details = (): Attributes => ({
      "db.query.text": isParameterised ? sql.slice(0, MAX_SQL_LENGTH) : text,
      ...(summary !== undefined && { "db.query.summary": summary }),
    });
    const name = summary ?? operation ?? "query";
    const call = this.#calls.start(name, attributes, details, startedAt);
    this.#calls.recorder?.statement(call.span, sql, values);
    return call;
  }
}
