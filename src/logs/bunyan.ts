import type { LoggerProvider } from "@opentelemetry/api";
import { wallClock } from "../clock.ts";
import { activeOrigin, type IdFields, type Origin, putIds } from "./correlation.ts";
import { enterLogger, leaveLogger } from "./inner-lines.ts";
import { TelltaleLogger } from "./logger.ts";
import { addLine, type LineKeys } from "./plain-line.ts";
import { severityOfRank } from "./severity.ts";

/** An `Adaptor` of `instrumentation/`, whose table holds it to that; this room can't see it. */
interface BunyanAdaptor {
  patch(
    exports: unknown,
    file: { readonly version: string },
    services: { readonly loggerProvider: LoggerProvider },
  ): unknown;
}

/** Joins bunyan 1 and 2 to us: its one file, whose export is the class of all loggers. */
export const adaptor: BunyanAdaptor = {
  patch(exports, { version }, services) {
    const { prototype, nameFromLevel } = exportsOf(exports);
    const logger = services.loggerProvider.getLogger("bunyan", version);
    patchLogger(prototype, nameFromLevel, logger instanceof TelltaleLogger ? logger : undefined);
    return exports;
  },
};

type Names = Readonly<Record<number, string>>;

/** A line before it is text: made for this one call, with the fields of the logger and of the call. */
interface Line extends IdFields {
  readonly [field: string]: unknown;
  readonly level: number;
  readonly v?: unknown;
}

interface BunyanLogger {
  readonly streams: readonly { readonly level: number }[];
}

type Emit = (this: BunyanLogger, line: Line, isProbe?: unknown) => unknown;

interface Prototype {
  _emit: Emit;
}

const PATCHED: unique symbol = Symbol.for("telltale.bunyan");

function patchLogger(prototype: Prototype, names: Names, logger: TelltaleLogger | undefined): void {
  if (PATCHED in prototype) return;
  const records = logger?.enabled() === true ? logger : undefined;
  const { _emit: original } = prototype;
  prototype._emit = function _emit(line, isProbe) {
    // For probes of DTrace the text is made once more, and not written.
    if (isProbe || typeof line !== "object" || line === null) {
      return original.call(this, line, isProbe);
    }
    const origin = activeOrigin();
    putIds(line, origin);
    if (records !== undefined) recordLine(records, this, line, names, origin);
    enterLogger();
    try {
      return original.call(this, line, isProbe);
    } finally {
      leaveLogger();
    }
  };
  Object.defineProperty(prototype, PATCHED, { value: true });
}

const KEYS: LineKeys = { message: "msg", error: "err" };

/** `v`: the version of bunyan's format, on every line. */
const FORMAT = 0;

function recordLine(
  records: TelltaleLogger,
  logger: BunyanLogger,
  line: Line,
  names: Names,
  origin: Origin,
): void {
  try {
    if (!logger.streams.some(({ level }) => level <= line.level)) return;
    const record = records.record(wallClock());
    const name = names[line.level];
    record.severityText = name ?? String(line.level);
    record.severityNumber = severityOfRank(line.level, name);
    const { v, ...fields } = line;
    addLine(record, v === FORMAT ? fields : { ...fields, v }, KEYS, origin);
    records.write(record);
  } catch {
    // A line that can't be read.
  }
}

function exportsOf(exports: unknown): { prototype: Prototype; nameFromLevel: Names } {
  const { prototype, nameFromLevel } = exports as {
    readonly prototype?: Partial<Prototype>;
    readonly nameFromLevel?: Names;
  };
  if (typeof prototype?._emit === "function" && typeof nameFromLevel === "object") {
    return { prototype: prototype as Prototype, nameFromLevel };
  }
  throw new Error("bunyan exports no class with _emit");
}
