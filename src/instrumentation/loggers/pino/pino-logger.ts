export interface PinoLogger {
  readonly levels: { readonly labels: Readonly<Record<number, string>> };
  readonly [symbol: symbol]: unknown;
}

/** The symbols by which pino's files find each other's fields on a logger. */
export type PinoSymbols = Readonly<
  Record<
    | "asJsonSym"
    | "chindingsSym"
    | "formattersSym"
    | "hooksSym"
    | "lsCacheSym"
    | "messageKeySym"
    | "nestedKeySym"
    | "serializersSym"
    | "setLevelSym"
    | "streamSym"
    | "stringifiersSym"
    | "wildcardFirstSym",
    symbol
  > & {
    /** Pino 7 has none: there it is `err`. */
    readonly errorKeySym?: symbol;
  }
>;
