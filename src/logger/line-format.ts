import type { LoggerApi } from "../api.ts";
import { isEmptyMap } from "../logs/value.ts";
import { type Info, LEVEL, MESSAGE } from "./call-info.ts";
import { jsonText } from "./json-text.ts";
import { type Line, lineOf, unreadableLine } from "./line.ts";

/** A mark on the lines of `telltale/logger`, for the instrumentation of winston. */
export const TELLTALE_LINE: unique symbol = Symbol.for("telltale.line");

/** The format of a logger, as winston calls it. */
export interface LineFormat {
  transform(info: Info): FormattedInfo;
}

/** A line with its text. Transports of the app see its fields, without secrets. */
export type FormattedInfo = Line & {
  readonly [LEVEL]: string;
  readonly [MESSAGE]: string;
  readonly [TELLTALE_LINE]: true;
};

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

export interface LineOptions {
  /** Whether the ids are on each `info` already. */
  readonly isCorrelated: boolean;
  /** Returns the fields of all lines. */
  readonly defaultFields: () => Readonly<Record<string, unknown>>;
}

/**
 * Creates the format of a logger: it makes a line of an `info` and writes it as JSON. It
 * never throws.
 *
 * @param name that of the logger.
 */
export function createLineFormat(name: string, api: LoggerApi, options: LineOptions): LineFormat {
  return {
    transform(info) {
      try {
        const defaults = options.defaultFields();
        const fields = isEmptyMap(defaults) ? info : { ...defaults, ...info };
        return withText(lineOf(fields, name, api, options.isCorrelated));
      } catch {
        return withText(unreadableLine(name, api));
      }
    },
  };
}

function withText(line: Line): FormattedInfo {
  const text = jsonText(line);
  const formatted = line as Line & Partial<Writable<FormattedInfo>>;
  formatted[LEVEL] = line.level;
  formatted[MESSAGE] = text;
  formatted[TELLTALE_LINE] = true;
  return formatted as FormattedInfo;
}
