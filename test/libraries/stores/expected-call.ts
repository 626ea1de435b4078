/** A call of a database that a step makes. */
export interface ExpectedStoreSpan {
  readonly name: string;
  /** Without those of the server, which are the same for all. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of the span's status; none: the call succeeds. */
  readonly error?: string;
}

/** A request to a row's program, and the calls below it. */
export interface Step {
  readonly step: string;
  readonly calls: readonly ExpectedStoreSpan[];
}
