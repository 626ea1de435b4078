import { wallClock } from "../../../clock.ts";
import {
  activeLogContext,
  type CorrelationFields,
  type LogContext,
  injectIds,
} from "../../../logs/correlation.ts";
import { isErrorSeverity } from "../../../logs/log-observer.ts";
import { TelltaleLogger } from "../../../logs/logger.ts";
import { hasToJson, isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { exceptionOf } from "../../../logs/exception.ts";
import type { LineMetadata, LineKeys, LoggedError } from "../../../logs/line-metadata.ts";
import { recordIdsOf } from "../../../logs/record-ids.ts";
import { severityOfLevelNumber } from "../../../logs/severity.ts";
import { recordFromFields, ParsedLineRecord } from "../../../logs/parsed-line-record.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { loggerOutput } from "../../../logs/logger-output.ts";
import { SerializedErrors } from "./serialized-errors.ts";

/** The adaptor of bunyan 1 and 2, whose only file exports the class of all loggers. */
export const adaptor: Adaptor = {
  patch(exports, { version }, services) {
    const bunyan = exportsOf(exports);
    const logger = services.loggerProvider.getLogger("bunyan", version);
    patchLogger(bunyan, logger instanceof TelltaleLogger ? logger : undefined);
    return exports;
  },
};

/** The used part of bunyan: its exports are the class of all loggers. */
interface Bunyan {
  readonly prototype: BunyanPrototype;
  readonly nameFromLevel: LevelNames;
  readonly stdSerializers?: object;
}

type LevelNames = Readonly<Record<number, string>>;

/** A line before it is serialised. Bunyan creates it for each call, with the fields of the logger and of the call. */
interface BunyanLine extends CorrelationFields {
  readonly [field: string]: unknown;
  readonly level: number;
  readonly v?: unknown;
}

interface BunyanLogger {
  readonly streams: readonly { readonly level: number; readonly raw?: unknown }[];
}

type BunyanEmit = (this: BunyanLogger, line: BunyanLine, isProbe?: unknown) => unknown;

interface BunyanPrototype {
  _emit: BunyanEmit;
}

const PATCHED: unique symbol = Symbol.for("telltale.bunyan");

function patchLogger(bunyan: Bunyan, logger: TelltaleLogger | undefined): void {
  const { prototype, nameFromLevel: levelNames } = bunyan;
  if (PATCHED in prototype) return;
  const otelLogger = logger?.enabled() === true ? logger : undefined;
  const errors = otelLogger?.capturesErrors === true ? new SerializedErrors() : undefined;
  errors?.patch(bunyan);
  const { _emit: original } = prototype;
  prototype._emit = function _emit(line, isProbe) {
    // For DTrace probes bunyan serialises the line again and doesn't write it.
    if (isProbe || typeof line !== "object" || line === null) {
      return original.call(this, line, isProbe);
    }
    const logContext = activeLogContext();
    injectIds(line, logContext);
    const timestamp = wallClock();
    loggerOutput.begin();
    try {
      const text = original.call(this, line, isProbe);
      if (otelLogger !== undefined)
        recordLine(otelLogger, this, { line, text, timestamp, levelNames, logContext, errors });
      return text;
    } finally {
      loggerOutput.end();
    }
  };
  Object.defineProperty(prototype, PATCHED, { value: true });
}

/** The version of bunyan's format, which each line has as `v`. */
const FORMAT_VERSION = 0;

const KEYS: LineKeys = {
  message: "msg",
  error: "err",
  unwrap({ v, ...fields }) {
    return v === FORMAT_VERSION ? fields : undefined;
  },
};

interface EmittedLine {
  readonly line: BunyanLine;
  /** JSON, if any stream of the logger is not raw. */
  readonly text: unknown;
  readonly timestamp: number;
  readonly levelNames: LevelNames;
  readonly logContext: LogContext;
  /** Undefined if errors in lines are no events. */
  readonly errors: SerializedErrors | undefined;
}

/**
 * Writes the record of a line, after its streams have received it. The record shows
 * the text that they received. If only raw streams accept the line, it shows the
 * object as they left it.
 */
function recordLine(
  otelLogger: TelltaleLogger,
  { streams }: BunyanLogger,
  emitted: EmittedLine,
): void {
  try {
    const { line, text, timestamp, logContext, errors } = emitted;
    const accepting = streams.filter(({ level }) => level <= line.level);
    if (accepting.length === 0) return;
    const metadata = metadataOf(emitted);
    const isText = typeof text === "string" && accepting.some(({ raw }) => raw !== true);
    const record = isText
      ? new ParsedLineRecord(otelLogger, timestamp, text, metadata)
      : recordFromFields(otelLogger, timestamp, line, metadata);
    const error = isErrorSeverity(metadata.severityNumber) ? errors?.find(line) : undefined;
    otelLogger.write(record, logContext, error);
  } catch {
    // The line can't be read.
  }
}

function metadataOf({ line, levelNames, logContext }: EmittedLine): LineMetadata {
  const name = levelNames[line.level];
  return {
    keys: KEYS,
    severityText: name ?? String(line.level),
    severityNumber: severityOfLevelNumber(line.level, name),
    level: line.level,
    spanContext: logContext.spanContext,
    ids: recordIdsOf(logContext),
    areIdsInjected: true,
    message: undefined,
    error: findError(line),
  };
}

/** Finds an error that no serialiser has converted: the line shows `{}`. */
function findError(line: BunyanLine): LoggedError | undefined {
  for (const key of Object.keys(line)) {
    const value = readDataProperty(line, key);
    const exception = isErrorInstance(value) ? exceptionOf(value, readDataProperty) : undefined;
    if (exception !== undefined) {
      return { key, exception, isComplete: !hasToJson(value as object) };
    }
  }
  return undefined;
}

function exportsOf(exports: unknown): Bunyan {
  const { prototype, nameFromLevel } = exports as {
    readonly prototype?: Partial<BunyanPrototype>;
    readonly nameFromLevel?: unknown;
  };
  if (typeof prototype?._emit === "function" && typeof nameFromLevel === "object") {
    return exports as Bunyan;
  }
  throw new Error("bunyan exports no class with _emit");
}
