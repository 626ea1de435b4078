import type { Adaptor } from "../instrumentation/adaptor.ts";
import { wallClock } from "../clock.ts";
import { activeOrigin, type IdFields, type Origin, putIds } from "./correlation.ts";
import { enterLogger, leaveLogger } from "./inner-lines.ts";
import { TelltaleLogger } from "./logger.ts";
import { hasOwnJson, isError, readData } from "./data.ts";
import { exceptionOf } from "./exception.ts";
import type { LineFacts, LineKeys, SeenError } from "./line-facts.ts";
import { idsOf } from "./record-ids.ts";
import { severityOfRank } from "./severity.ts";
import { recordOfFields, ShownLine } from "./shown-line.ts";

/** Joins bunyan 1 and 2 to us: its one file, whose export is the class of all loggers. */
export const adaptor: Adaptor = {
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
  readonly streams: readonly { readonly level: number; readonly raw?: unknown }[];
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
    const at = wallClock();
    enterLogger();
    try {
      const text = original.call(this, line, isProbe);
      if (records !== undefined) recordLine(records, this, { line, text, at, names, origin });
      return text;
    } finally {
      leaveLogger();
    }
  };
  Object.defineProperty(prototype, PATCHED, { value: true });
}

/** `v`: the version of bunyan's format, on every line. */
const FORMAT = 0;

const KEYS: LineKeys = {
  message: "msg",
  error: "err",
  unwrap({ v, ...fields }) {
    return v === FORMAT ? fields : undefined;
  },
};

interface Written {
  readonly line: Line;
  /** JSON, if any stream of the logger wants that. */
  readonly text: unknown;
  readonly at: number;
  readonly names: Names;
  readonly origin: Origin;
}

/**
 * After the streams had it. The record is the text that they got; where only raw
 * ones take the line, it is the object, as they left it.
 */
function recordLine(
  records: TelltaleLogger,
  { streams }: BunyanLogger,
  { line, text, at, names, origin }: Written,
): void {
  try {
    const taking = streams.filter(({ level }) => level <= line.level);
    if (taking.length === 0) return;
    const name = names[line.level];
    const facts: LineFacts = {
      keys: KEYS,
      severityText: name ?? String(line.level),
      severityNumber: severityOfRank(line.level, name),
      level: line.level,
      trace: origin.trace,
      ids: idsOf(origin),
      arePut: true,
      message: undefined,
      error: errorIn(line),
    };
    if (typeof text === "string" && taking.some(({ raw }) => raw !== true)) {
      records.write(new ShownLine(records, at, text, facts));
    } else records.write(recordOfFields(records, at, line, facts));
  } catch {
    // A line that can't be read.
  }
}

/** An error that no serialiser took up: the line shows `{}`. */
function errorIn(line: Line): SeenError | undefined {
  for (const key of Object.keys(line)) {
    const value = readData(line, key);
    const exception = isError(value) ? exceptionOf(value, readData) : undefined;
    if (exception !== undefined) {
      return { key, exception, isWhole: !hasOwnJson(value as object) };
    }
  }
  return undefined;
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
