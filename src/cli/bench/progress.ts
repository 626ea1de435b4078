import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import { truncate } from "../../text.ts";
import type { BenchStep } from "./measurement.ts";

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how far a measurement is: on a terminal in one line that changes, else in plain lines. */
export class Progress {
  readonly #stream: ProgressStream;
  #shown = 0;
  #lastBlock: number | undefined;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  update({ endpoint, block, blocks, done }: BenchStep): void {
    const part = block === 0 ? "warm-up" : `block ${block} of ${blocks}`;
    const percent = `${Math.floor(done * 100)}%`;
    if (this.#stream.isTTY === true) {
      this.#show(`${percent.padStart(4)}  ${part}  ${escapeControlCharacters(endpoint)}`);
      return;
    }
    if (block === this.#lastBlock) return;
    this.#lastBlock = block;
    this.#stream.write(`telltale bench: ${part} (${percent})\n`);
  }

  /** Prints a line above the progress. */
  print(line: string): void {
    this.end();
    this.#stream.write(`${escapeControlCharacters(line)}\n`);
  }

  /** Removes the line of the terminal. */
  end(): void {
    if (this.#shown > 0) this.#stream.write(`\r${" ".repeat(this.#shown)}\r`);
    this.#shown = 0;
  }

  #show(line: string): void {
    const text = truncate(line, (this.#stream.columns ?? 80) - 1);
    this.#stream.write(`\r${text.padEnd(this.#shown)}`);
    this.#shown = text.length;
  }
}
