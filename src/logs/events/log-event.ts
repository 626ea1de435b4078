/** Levels of events: names of lines, and `SeverityNumber` of records. */
export const SEVERITY_NUMBERS = { debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const;

export type EventLevel = keyof typeof SEVERITY_NUMBERS;

/** An event that telltale logs by itself or for the app, and not through a logger of the app. */
export interface LogEvent {
  /** The `EventName` of its record. */
  readonly name: string;
  readonly level: EventLevel;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Attributes of the record. Undefined values are left out. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Writes a line, without its end. Never throws. */
export type LineOutput = (line: string) => void;
