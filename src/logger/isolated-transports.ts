import type { Writable } from "node:stream";
import type { Logger } from "winston";
import { readProperty } from "../logs/value.ts";

/**
 * Lines that may wait for one transport. winston itself waits for it: after 16 lines that
 * a transport has not taken, none of the others gets a further one.
 */
const MAX_WAITING = 10_000;

type DataListener = (line: unknown) => void;
type Report = (transport: Writable, problem: unknown) => void;

/**
 * Isolates the transports of a logger from each other, those of today and those that are
 * added later: one that throws, as its format may do, or that takes no more lines, costs
 * the others nothing. The transports themselves remain as they are.
 *
 * @param report called with the transport and what is wrong, for each line that it misses.
 */
export function isolateTransports(logger: Logger, report: Report): void {
  const listeners = dataListenersOf(logger);
  const transports = logger.transports as unknown as readonly Writable[];
  // Only pipes listen so early, each with one listener.
  if (listeners.length === transports.length) {
    for (const [at, transport] of transports.entries()) {
      replaceListener(logger, listeners[at]!, transport, report);
    }
  }
  const pipe = logger.pipe as (...args: unknown[]) => unknown;
  const isolatedPipe = function (this: Logger, ...args: unknown[]): unknown {
    const known = new Set(dataListenersOf(logger));
    const result = Reflect.apply(pipe, this, args);
    for (const listener of dataListenersOf(logger)) {
      if (!known.has(listener)) replaceListener(logger, listener, args[0] as Writable, report);
    }
    return result;
  };
  Object.defineProperty(logger, "pipe", {
    value: isolatedPipe,
    configurable: true,
    writable: true,
  });
}

/** Why a transport misses lines that it has not taken. */
export const IS_FULL: unique symbol = Symbol("full");

function dataListenersOf(logger: Logger): DataListener[] {
  return logger.listeners("data") as DataListener[];
}

/** Replaces the listener of a pipe by one that neither throws nor makes the logger wait. */
function replaceListener(
  logger: Logger,
  original: DataListener,
  transport: Writable,
  report: Report,
): void {
  const feed = new TransportFeed(transport, report);
  const write: DataListener = (line) => feed.add(line);
  const end = (): void => feed.end();
  const stop = (source: unknown): void => {
    if (source !== logger) return;
    logger.off("data", write);
    logger.off("end", end);
    transport.off("unpipe", stop);
  };
  logger.off("data", original);
  logger.on("data", write);
  // Before the listener by which the pipe ends the transport.
  logger.prependListener("end", end);
  transport.on("unpipe", stop);
}

/**
 * Writes the lines of one transport: at once if it takes them at once, else one after
 * another. A format that throws in a line that the stream has buffered would end the
 * process, since no call of the app is there to catch it.
 */
class TransportFeed {
  readonly #transport: Writable;
  readonly #report: Report;
  #waiting: unknown[] = [];
  /** Number of its lines that the transport has not confirmed. */
  #unconfirmed = 0;

  constructor(transport: Writable, report: Report) {
    this.#transport = transport;
    this.#report = report;
  }

  add(line: unknown): void {
    if (!this.#isBusy()) this.#write(line);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(line);
    else this.#report(this.#transport, IS_FULL);
  }

  /** Writes what waits, before the transport is ended. */
  end(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    for (const line of lines) this.#write(line);
  }

  /** Whether a line of this logger is in the transport, which will confirm it. */
  #isBusy(): boolean {
    return this.#unconfirmed > 0 && this.#transport.writableLength > 0;
  }

  #write(line: unknown): void {
    this.#unconfirmed++;
    try {
      this.#transport.write(line, this.#onConfirmed);
    } catch (error) {
      this.#report(this.#transport, error);
    }
  }

  readonly #onConfirmed = (): void => {
    this.#unconfirmed--;
    let count = 0;
    while (count < this.#waiting.length && !this.#isBusy()) this.#write(this.#waiting[count++]);
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  };
}

/** Returns the name of a transport: its own, else that of its class. Never throws. */
export function transportNameOf(transport: Writable): string {
  const name = readProperty(transport, "name");
  if (typeof name === "string" && name !== "") return name;
  const className = readProperty(transport.constructor, "name");
  return typeof className === "string" ? className : "transport";
}
