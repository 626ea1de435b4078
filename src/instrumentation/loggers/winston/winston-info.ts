import type { CorrelationFields } from "../../../logs/correlation.ts";
import type { Levels } from "../../../logs/severity.ts";

/** Symbols of `triple-beam`, which winston, its formats and its transports share. */
export const LEVEL: unique symbol = Symbol.for("level");
export const MESSAGE: unique symbol = Symbol.for("message");
export const SPLAT: unique symbol = Symbol.for("splat");

/** A mark on the lines of `telltale/logger`. */
export const TELLTALE_LINE: unique symbol = Symbol.for("telltale.line");

/** A line as winston and its formats pass it on; winston calls it `info`. */
export interface WinstonInfo extends CorrelationFields {
  readonly [LEVEL]?: unknown;
  /** The text of the line. */
  readonly [MESSAGE]?: unknown;
  /** The arguments after the message. */
  readonly [SPLAT]?: unknown;
  readonly message?: unknown;
  readonly exception?: unknown;
  readonly rejection?: unknown;
}

/** An `info` that is a plain object, as a format may change it. */
export interface PlainInfo extends Record<string, unknown> {
  [MESSAGE]?: unknown;
}

/** The properties of a winston logger that decide who receives a line. */
export interface WinstonLogger {
  readonly silent?: unknown;
  readonly level: string;
  readonly levels: Levels;
  readonly _readableState: { readonly pipes: unknown };
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
