import type { Writable } from "node:stream";

/**
 * Writes lines to a stream of the process, each in one piece. An error of it (`EPIPE`, if its
 * reader has ended) is ignored, which would otherwise end the process; one of the app's own output
 * is not. There is one writer for each stream, since it counts what is pending.
 */
export class LineWriter {
  readonly #stream: () => Pick<Writable, "on" | "off" | "write">;
  /** Lines that the stream has not taken yet. */
  #pending = 0;

  /** @param stream returns the present one: an app may replace it. */
  constructor(stream: () => Pick<Writable, "on" | "off" | "write">) {
    this.#stream = stream;
  }

  /** Writes a text of one line or more, without its last end. Never throws. */
  write(text: string): void {
    try {
      const stream = this.#stream();
      if (this.#pending++ === 0) stream.on("error", ignoreError);
      stream.write(`${text}\n`, (error) => this.#onWritten(error));
    } catch {
      // The stream is closed, or replaced by an object of the app that throws.
      this.#pending--;
    }
  }

  #onWritten(error?: Error | null): void {
    if (error === undefined || error === null) this.#release();
    // The event follows in a later tick.
    else setImmediate(() => this.#release());
  }

  #release(): void {
    if (--this.#pending === 0) this.#stream().off("error", ignoreError);
  }
}

function ignoreError(): void {}
