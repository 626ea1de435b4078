import type { Socket } from "node:net";

/** The client goes away without a word. */
export const DISCONNECT: unique symbol = Symbol("leave");

/** What a client sends, what it waits for, byte by byte. */
export type ConversationStep = string | RegExp | typeof DISCONNECT;

/**
 * Takes the steps, and reads on until the other side closes the connection.
 *
 * @returns all that came in
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
