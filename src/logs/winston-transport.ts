import { enterLogger, leaveLogger } from "./inner-lines.ts";

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
const watchedWrites = new WeakSet<Write>();

/**
 * Patches `modern.js` of winston-transport 4. What a transport writes by way of
 * `console`, now or when it is free again, is a line of the logger's already; and
 * what its format makes of a line is what it shows.
 */
export function patchTransports(exports: unknown): void {
  const { prototype } = exports as { readonly prototype: Record<"_write" | "_writev", Write> };
  const { _write, _writev } = prototype;
  define(prototype, {
    _write(chunk, encoding, callback) {
      enterLogger();
      try {
        if (!isAwaited(this, chunk)) return _write.call(this, chunk, encoding, callback);
        return writeWatched(this, chunk, () => _write.call(this, chunk, encoding, callback));
      } finally {
        leaveLogger();
      }
    },
    _writev(chunks, callback) {
      enterLogger();
      try {
        const isWatched = someAwaited && this.format && !this.logv && Array.isArray(chunks);
        if (!isWatched) return _writev.call(this, chunks, callback);
        return writeEach(this, _writev, chunks as Chunk[], callback as Callback);
      } finally {
        leaveLogger();
      }
    },
  });
}

function define(
  prototype: Record<"_write" | "_writev", Write>,
  writes: Record<"_write" | "_writev", Write>,
): void {
  for (const name of ["_write", "_writev"] as const) {
    const { [name]: value } = writes;
    watchedWrites.add(value);
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/** Whether a transport shows a line as a format of its own makes it, and we see that. */
export function hasWatchedFormat(pipe: {
  readonly format?: unknown;
  readonly _write?: unknown;
}): boolean {
  return Boolean(pipe.format) && watchedWrites.has(pipe._write as Write);
}

/** Lines that only transports with a format of their own show, until the first has. */
const awaited = new WeakMap<object, (made: object) => void>();
/** Most apps have no such transports. */
let someAwaited = false;

/** @param see gets what the first transport's format makes of `info`, if any does. It must not throw. */
export function awaitFormat(info: object, see: (made: object) => void): void {
  someAwaited = true;
  awaited.set(info, see);
}

function isAwaited(transport: Transport, info: unknown): boolean {
  return someAwaited && Boolean(transport.format) && awaited.has(info as object);
}

interface Chunk {
  readonly chunk: unknown;
}

type Callback = (error?: unknown) => void;

const nothing = (): void => {};

/** One by one, so that it is known of which line a format makes what. */
function writeEach(
  transport: Transport,
  writev: Write,
  chunks: readonly Chunk[],
  callback: Callback,
): unknown {
  try {
    for (const one of chunks) {
      const write = (): unknown => writev.call(transport, [one], nothing);
      if (isAwaited(transport, one.chunk)) writeWatched(transport, one.chunk, write);
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
function writeWatched(transport: Transport, info: unknown, write: () => unknown): unknown {
  const { format } = transport;
  const own = format as Format;
  const watching = Object.create(own, {
    transform: {
      value(given: unknown, options: unknown): unknown {
        transport.format = format;
        const made = own.transform(given, options);
        if (typeof made === "object" && made !== null) see(info as object, made);
        return made;
      },
    },
  }) as Format;
  transport.format = watching;
  try {
    return write();
  } finally {
    if (transport.format === watching) transport.format = format;
  }
}

function see(info: object, made: object): void {
  const known = awaited.get(info);
  awaited.delete(info);
  known?.(made);
}
