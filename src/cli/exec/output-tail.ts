import { stripVTControlCharacters } from "node:util";

/** Secrets of several lines, such as keys, are recognized only as a whole. */
const MAX_BYTES = 65_536;

/** Keeps the last bytes of output. */
export class OutputTail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * MAX_BYTES) this.#compact();
  }

  get text(): string {
    this.#compact();
    return String(this.#chunks[0] ?? "");
  }

  #compact(): void {
    const last = Buffer.concat(this.#chunks).subarray(-MAX_BYTES);
    // A copy, as a part of a buffer keeps all of it in memory.
    this.#chunks = [Buffer.from(last)];
    this.#bytes = last.length;
  }
}

/** Returns the number of bytes that a tail has at most. */
export const maxTailBytes: number = MAX_BYTES;

/** A value of a span is no log file. */
const MAX_LENGTH = 16_384;

/** Returns the last lines of output, as text without colors. */
export function lastLines(output: string, count: number): string {
  if (count === 0) return "";
  const lines = stripVTControlCharacters(output).trimEnd().split(/\r?\n/);
  return lines.slice(-count).join("\n").slice(-MAX_LENGTH);
}
