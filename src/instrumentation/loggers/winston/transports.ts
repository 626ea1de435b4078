import { loggerOutput } from "../../../logs/logger-output.ts";
import { activeBuffer } from "../../../logs/buffer/active-buffer.ts";
import { type BufferingTransport, takeLine } from "./below-level.ts";
import { pendingFormats } from "./pending-formats.ts";

/** The signature of `_write` (a chunk, its encoding, a callback) and of `_writev` (chunks, a callback). */
type Write = (this: Transport, chunks: unknown, more: unknown, callback?: unknown) => unknown;

type WriteMethods = Record<"_write" | "_writev", Write>;

type Transport = BufferingTransport;

interface Format {
  transform(info: unknown, options: unknown): unknown;
}

/** The methods that `patchTransports` has defined, for each copy of `winston-transport`. */
const patchedWrites = new WeakSet<Write>();

/**
 * Patches `modern.js` of winston-transport 4, for two purposes. What a transport
 * writes through `console`, at once or when it is no longer busy, is the logger's
 * line and not recorded again. And the result of a transport's format is what the
 * transport shows.
 */
export function patchTransports(exports: unknown): void {
  const { prototype } = exports as { readonly prototype: WriteMethods };
  const { _write, _writev } = prototype;
  defineWrites(prototype, {
    _write(chunk, encoding, callback) {
      loggerOutput.begin();
      try {
        if (isTaken(this, chunk, callback as Callback)) return undefined;
        if (!isFormatPending(this, chunk)) return _write.call(this, chunk, encoding, callback);
        return writeObserved(this, chunk, () => _write.call(this, chunk, encoding, callback));
      } finally {
        loggerOutput.end();
      }
    },
    _writev(chunks, callback) {
      loggerOutput.begin();
      try {
        const isObserved = (pendingFormats.isUsed && this.format) || activeBuffer.current;
        if (!isObserved || this.logv || !Array.isArray(chunks))
          return _writev.call(this, chunks, callback);
        return writeEach(this, _writev, chunks as Chunk[], callback as Callback);
      } finally {
        loggerOutput.end();
      }
    },
  });
}

function defineWrites(prototype: WriteMethods, writes: WriteMethods): void {
  for (const name of ["_write", "_writev"] as const) {
    const { [name]: value } = writes;
    patchedWrites.add(value);
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/** Whether a transport has its own format, whose result `writeObserved` sees. */
export function hasObservedFormat(pipe: {
  readonly format?: unknown;
  readonly _write?: unknown;
}): boolean {
  return Boolean(pipe.format) && patchedWrites.has(pipe._write as Write);
}

function isFormatPending(transport: Transport, info: unknown): boolean {
  return pendingFormats.has(info) && Boolean(transport.format);
}

/** Whether a line is buffered, or was and is written now. */
function isTaken(transport: Transport, chunk: unknown, callback: Callback): boolean {
  if (activeBuffer.current === undefined || typeof chunk !== "object" || chunk === null)
    return false;
  return takeLine(transport, chunk, () => callback(null));
}

interface Chunk {
  readonly chunk: unknown;
}

type Callback = (error?: unknown) => void;

const noop = (): void => {};

/** Writes chunks one by one, so that the result of the format can be attributed to a line. */
function writeEach(
  transport: Transport,
  writev: Write,
  chunks: readonly Chunk[],
  callback: Callback,
): unknown {
  try {
    for (const item of chunks) {
      if (isTaken(transport, item.chunk, noop)) continue;
      const write = (): unknown => writev.call(transport, [item], noop);
      if (isFormatPending(transport, item.chunk)) writeObserved(transport, item.chunk, write);
      else write();
    }
  } catch (error) {
    callback(null);
    throw error;
  }
  return callback(null);
}

/**
 * Calls `write` with a format on the transport that reports its result to
 * `pendingFormats`. The app's own format is restored before it runs.
 */
function writeObserved(transport: Transport, info: unknown, write: () => unknown): unknown {
  const { format } = transport;
  const ownFormat = format as Format;
  const observedFormat = Object.create(ownFormat, {
    transform: {
      value(givenInfo: unknown, options: unknown): unknown {
        transport.format = format;
        const formatted = ownFormat.transform(givenInfo, options);
        if (typeof formatted === "object" && formatted !== null)
          pendingFormats.notify(info as object, formatted);
        return formatted;
      },
    },
  }) as Format;
  transport.format = observedFormat;
  try {
    return write();
  } finally {
    if (transport.format === observedFormat) transport.format = format;
  }
}
