import type { Socket } from "node:net";

/** The client goes away without a word. */
export const LEAVE: unique symbol = Symbol("leave");

/** What a client sends, what it waits for, byte by byte. */
export type Step = string | RegExp | typeof LEAVE;

/**
 * Takes the steps, and reads on until the other side closes the connection.
 *
 * @returns all that came in
 */
export async function converse(socket: Socket, steps: readonly Step[]): Promise<string> {
  const listener = new Listener(socket);
  for (const step of steps) {
    if (step === LEAVE) socket.destroy();
    else if (typeof step === "string") socket.write(step);
    else await listener.until((text) => step.test(text));
  }
  await listener.until((_text, closed) => closed);
  return listener.text;
}

class Listener {
  text = "";
  readonly #socket: Socket;
  #closed = false;
  #look: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (part: string) => {
      this.text += part;
      this.#look();
    });
    // What has come in until then counts: some servers reset the connection.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#look();
    });
  }

  /** Rejects if the connection is closed before. */
  async until(isTrue: (text: string, closed: boolean) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#look = () => {
        if (isTrue(this.text, this.#closed)) resolve();
        else if (this.#closed) reject(new Error(`closed after: ${this.text}`));
      };
      this.#look();
    });
    this.#socket.resume();
  }
}
