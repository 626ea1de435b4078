/** A logger of pino, whose fields are under symbols. */
export interface PinoLogger {
  readonly level: string;
  readonly levels: {
    readonly labels: Readonly<Record<number, string>>;
    readonly values: Readonly<Record<string, number>>;
  };
  readonly [symbol: symbol]: unknown;
}

export interface PinoHooks {
  readonly logMethod?: unknown;
  readonly streamWrite?: ((text: string) => unknown) | undefined;
}

/** The symbols of pino's `lib/symbols.js`, under which it stores the fields of a logger. */
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
    | "wildcardFirstSym"
    | "writeSym",
    symbol
  > & {
    /** Missing in pino 7, where the key is always `err`. */
    readonly errorKeySym?: symbol;
  }
>;
