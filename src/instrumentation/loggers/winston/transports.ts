import { beginLoggerWrite, endLoggerWrite } from "../logger-output.ts";

/** The two of a stream: of one chunk with its encoding, or of several. */
type Write = (this: Transport, chunks: unknown, more: unknown, callback?: unknown) => unknown;

interface Transport {
  format?: unknown;
  readonly logv?: unknown;
}

interface Format {
  transform(info: unknown, options: unknown): unknown;
}

/** Those of ours, of each copy of `winston-transport`. */
const patchedWrites = new WeakSet<Write>();

/**
 * Patches `modern.js` of winston-transport 4. What a transport writes by way of
 * `console`, now or when it is free again, is a line of the logger's already; and
 * what its format makes of a line is what it shows.
 */
export function patchTransports(exports: unknown): void {
  const { prototype } = exports as { readonly prototype: Record<"_write" | "_writev", Write> };
  const { _write, _writev } = prototype;
  defineWrites(prototype, {
    _write(chunk, encoding, callback) {
      beginLoggerWrite();
      try {
        if (!isFormatPending(this, chunk)) return _write.call(this, chunk, encoding, callback);
        return writeObserved(this, chunk, () => _write.call(this, chunk, encoding, callback));
      } finally {
        endLoggerWrite();
      }
    },
    _writev(chunks, callback) {
      beginLoggerWrite();
      try {
        const isObserved = hasPendingFormats && this.format && !this.logv && Array.isArray(chunks);
        if (!isObserved) return _writev.call(this, chunks, callback);
        return writeEach(this, _writev, chunks as Chunk[], callback as Callback);
      } finally {
        endLoggerWrite();
      }
    },
  });
}

function defineWrites(
  prototype: Record<"_write" | "_writev", Write>,
  writes: Record<"_write" | "_writev", Write>,
): void {
  for (const name of ["_write", "_writev"] as const) {
    const { [name]: value } = writes;
    patchedWrites.add(value);
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/** Whether a transport shows a line as a format of its own makes it, and we see that. */
export function hasObservedFormat(pipe: {
  readonly format?: unknown;
  readonly _write?: unknown;
}): boolean {
  return Boolean(pipe.format) && patchedWrites.has(pipe._write as Write);
}

/** Lines that only transports with a format of their own show, until the first has. */
const pendingFormats = new WeakMap<object, (formatted: object) => void>();
/** Most apps have no such transports. */
let hasPendingFormats = false;

/** @param listener gets what the first transport's format makes of `info`, if any does. It must not throw. */
export function onTransportFormat(info: object, listener: (formatted: object) => void): void {
  hasPendingFormats = true;
  pendingFormats.set(info, listener);
}

function isFormatPending(transport: Transport, info: unknown): boolean {
  return hasPendingFormats && Boolean(transport.format) && pendingFormats.has(info as object);
}

interface Chunk {
  readonly chunk: unknown;
}

type Callback = (error?: unknown) => void;

const noop = (): void => {};

/** One by one, so that it is known of which line a format makes what. */
function writeEach(
  transport: Transport,
  writev: Write,
  chunks: readonly Chunk[],
  callback: Callback,
): unknown {
  try {
    for (const item of chunks) {
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
 * Runs what writes a line with a format in the place of the transport's own that
 * hands on what that makes. The app's own is back before it runs.
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
          notifyFormatted(info as object, formatted);
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

function notifyFormatted(info: object, formatted: object): void {
  const listener = pendingFormats.get(info);
  pendingFormats.delete(info);
  listener?.(formatted);
}
