/** Expected span of a database call. */
export interface ExpectedStoreSpan {
  readonly name: string;
  /** Attributes without those of the server, which all calls share. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Message of the span's status; undefined if the call succeeds. */
  readonly error?: string;
}

/** A request to a row's program, with the calls below it. */
export interface Step {
  readonly step: string;
  readonly calls: readonly ExpectedStoreSpan[];
}
