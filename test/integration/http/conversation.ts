import type { Socket } from "node:net";

/** The client closes the connection. */
export const DISCONNECT: unique symbol = Symbol("leave");

/** Text that a client sends, or that it waits for. */
export type ConversationStep = string | RegExp | typeof DISCONNECT;

/**
 * Runs the steps, and reads until the server closes the connection.
 *
 * @returns everything that was received
 */
export async function converse(
  socket: Socket,
  steps: readonly ConversationStep[],
): Promise<string> {
  const listener = new SocketReader(socket);
  for (const step of steps) {
    if (step === DISCONNECT) socket.destroy();
    else if (typeof step === "string") socket.write(step);
    else await listener.waitFor((text) => step.test(text));
  }
  await listener.waitFor((_text, closed) => closed);
  return listener.text;
}

class SocketReader {
  text = "";
  readonly #socket: Socket;
  #closed = false;
  #check: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (part: string) => {
      this.text += part;
      this.#check();
    });
    // What has come in until then counts: some servers reset the connection.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#check();
    });
  }

  /** Rejects if the connection is closed before. */
  async waitFor(isTrue: (text: string, closed: boolean) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#check = () => {
        if (isTrue(this.text, this.#closed)) resolve();
        else if (this.#closed) reject(new Error(`closed after: ${this.text}`));
      };
      this.#check();
    });
    this.#socket.resume();
  }
}
