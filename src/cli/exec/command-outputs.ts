import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { tryRead } from "../../try-read.ts";
import { OutputTail } from "./output-tail.ts";
import { hasSameTarget, type OutputTarget } from "./output-target.ts";
import { closeWriter, createPipe, type Pipe } from "./pipe.ts";

/** What a command writes to: the stream of this process, a pipe, or what Node has instead. */
type Output = "inherit" | "pipe" | Pipe;

/**
 * The standard output and error output of a command. A terminal or a file is its own; what goes
 * to a pipe is passed on, so that its end is known. A slow reader slows the command down, and
 * without a reader it has none either.
 */
export class CommandOutputs {
  readonly #outputs: readonly Output[];
  readonly #tail = new OutputTail();
  #closed: Promise<unknown> = Promise.resolve();

  constructor(targets: readonly OutputTarget[], keepsTail: boolean) {
    const [output, errors] = targets.map(({ kind }) =>
      keepsTail && kind === "stream" ? newPipe() : "inherit",
    ) as [Output, Output];
    // One pipe for both, so that their lines stay in order.
    const isShared = isPipe(output) && isPipe(errors) && hasSameTarget(targets);
    if (isShared) discard(errors);
    this.#outputs = [output, isShared ? output : errors];
  }

  /** The values of `stdio`. */
  get stdio(): [Stdio, Stdio] {
    return this.#outputs.map((output) => (isPipe(output) ? output.writer : output)) as [
      Stdio,
      Stdio,
    ];
  }

  /** Resolves when nothing of the command, or of processes that it has left behind, can write. */
  get closed(): Promise<unknown> {
    return this.#closed;
  }

  /** The last output that was passed on. */
  get tail(): string {
    return this.#tail.text;
  }

  /** Starts to pass output on. */
  relay({ stdout, stderr }: ChildProcess): void {
    const [output, errors] = this.#outputs;
    const relays = [this.#relayStream(isPipe(output) ? output.reader : stdout, process.stdout)];
    if (errors !== output || !isPipe(errors))
      relays.push(this.#relayStream(isPipe(errors) ? errors.reader : stderr, process.stderr));
    this.#closed = Promise.all(relays);
  }

  /** Closes the ends of the command in this process. */
  started(): void {
    for (const output of new Set(this.#outputs)) if (isPipe(output)) closeWriter(output);
  }

  async #relayStream(from: Readable | null, to: Writable): Promise<void> {
    if (from === null) return;
    to.on("error", () => from.destroy());
    from.on("error", () => from.destroy());
    from.on("data", (chunk: Buffer) => this.#tail.add(chunk));
    from.pipe(to, { end: false });
    await new Promise((resolve) => from.once("close", resolve));
  }
}

type Stdio = "inherit" | "pipe" | number;

function newPipe(): Output {
  return (process.platform === "win32" ? undefined : tryRead(createPipe)) ?? "pipe";
}

function isPipe(output: Output | undefined): output is Pipe {
  return typeof output === "object";
}

function discard(pipe: Pipe): void {
  pipe.reader.destroy();
  closeWriter(pipe);
}
