import type { Attributes } from "@opentelemetry/api";
import type { AdaptorDeps } from "../loading/adaptor.ts";
import {
  type CallTarget,
  type DatabaseCall,
  DatabaseCalls,
  type DatabaseCallsOptions,
} from "./database-call.ts";
import { describeSql, type Dialect, MAX_SQL_LENGTH } from "./sql.ts";

/** The statements of one library. */
export class SqlCalls {
  readonly #calls: DatabaseCalls;
  readonly #dialect: Dialect;

  constructor(deps: AdaptorDeps, dialect: Dialect, options: DatabaseCallsOptions) {
    this.#calls = new DatabaseCalls(deps, options);
    this.#dialect = dialect;
  }

  /**
   * A statement begins, in the active context.
   *
   * @param isParameterised then the values are elsewhere, and the text is shown as it is
   * @param startedAt on our clock, if it was before this
   */
  start(
    target: CallTarget,
    sql: string,
    isParameterised: boolean,
    startedAt?: number,
  ): DatabaseCall {
    const { text, operation, summary } = describeSql(sql, this.#dialect);
    const attributes = target.attributesOf(operation);
    const details = (): Attributes => ({
      "db.query.text": isParameterised ? sql.slice(0, MAX_SQL_LENGTH) : text,
      ...(summary !== undefined && { "db.query.summary": summary }),
    });
    return this.#calls.start(summary ?? operation ?? "query", attributes, details, startedAt);
  }
}
