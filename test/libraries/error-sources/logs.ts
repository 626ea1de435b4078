import type { SourceGroup } from "./source-group.ts";
import { errorCount, type ThrownValue, values } from "./values.ts";

/** Lines that an app logs, with words for the docs. */
export const logPlaces = {
  error: "an error that is logged at level `error`",
  field: "an error beside a message at level `error`",
  message: "the message of an error at level `error`",
  warn: "an error that is logged at level `warn`",
} as const;

export type LogPlaceName = keyof typeof logPlaces;

const reasons: Readonly<Partial<Record<LogPlaceName, string>>> = {
  message: "the line has no error",
  warn: "the level is lower",
};

/** A logger that writes lines with every value. */
export interface LoggerSourceRow {
  /** Name and major version, as in the docs. */
  readonly library: string;
  readonly logger: "winston" | "pino" | "bunyan" | "console";
  /** In `loggers/node_modules`, or the root's. */
  readonly installed: string;
  /** Values that are no errors to the logger, by place. */
  readonly unseen?: Readonly<Partial<Record<LogPlaceName, readonly string[]>>>;
}

/** They test the argument by `instanceof`, and log an error of another realm as an object of fields. */
const ofOtherRealm = { error: ["realm"] } as const;
/** Nothing can be read of them. */
const proxies = { error: ["proxy"], field: ["proxy"] } as const;

export const loggerSourceRows: readonly LoggerSourceRow[] = [
  { library: "winston 3", logger: "winston", installed: "winston" },
  { library: "pino 7", logger: "pino", installed: "pino7", unseen: ofOtherRealm },
  { library: "pino 8", logger: "pino", installed: "pino8", unseen: ofOtherRealm },
  { library: "pino 9", logger: "pino", installed: "pino9", unseen: ofOtherRealm },
  { library: "pino 10", logger: "pino", installed: "pino", unseen: ofOtherRealm },
  { library: "bunyan 1", logger: "bunyan", installed: "bunyan1", unseen: ofOtherRealm },
  { library: "bunyan 2", logger: "bunyan", installed: "bunyan", unseen: ofOtherRealm },
  { library: "`console`", logger: "console", installed: "node:console", unseen: proxies },
];

/** A line that is logged. */
export interface LineCase {
  readonly id: string;
  readonly place: LogPlaceName;
  readonly value: ThrownValue;
}

const errors = values.slice(0, errorCount);

export const lineCases: readonly LineCase[] = Object.keys(logPlaces).flatMap((name) => {
  const place = name as LogPlaceName;
  const logged = place === "error" ? values.filter(({ name }) => name !== "huge") : errors;
  return logged.map((value) => ({ id: `${place}-${value.name}`, place, value }));
});

/** Whether a value is an error to the logger of a row. */
export function isSeen({ unseen }: LoggerSourceRow, { place, value: { name } }: LineCase): boolean {
  return errors.some((one) => one.name === name) && unseen?.[place]?.includes(name) !== true;
}

/** Returns the `mechanism.type` of the event of a line; undefined if there is none. */
export function mechanismOfLine(
  { logger }: LoggerSourceRow,
  place: LogPlaceName,
): string | undefined {
  return reasons[place] === undefined ? `auto.log.${logger}` : undefined;
}

export const sourceGroup: SourceGroup = {
  title: "Loggers",
  sources: loggerSourceRows.flatMap((row) =>
    Object.keys(logPlaces).map((name) => {
      const place = name as LogPlaceName;
      const mechanism = mechanismOfLine(row, place);
      return { library: row.library, place: logPlaces[place], mechanism, reason: reasons[place] };
    }),
  ),
};
