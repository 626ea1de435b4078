/** A debugger that is connected to the inspector of a process, as that of an editor. */
export class Debugger {
  /** Resolves once the code is paused. */
  readonly paused: Promise<void>;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  static async connect(url: string): Promise<Debugger> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", reject, { once: true });
    });
    const connected = new Debugger(socket);
    await connected.#send("Runtime.enable");
    await connected.#send("Debugger.enable");
    return connected;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.paused = new Promise((resolve) => {
      socket.addEventListener("message", ({ data }) => {
        const message = JSON.parse(String(data)) as {
          readonly id?: number;
          readonly method?: string;
          readonly result?: unknown;
        };
        if (message.method === "Debugger.paused") resolve();
        if (message.id !== undefined) this.#answers.get(message.id)?.(message.result);
      });
    });
  }

  /** Pauses at the calls of a function of `node:fs`. */
  async breakAtCallsOf(name: string): Promise<void> {
    const expression = `process.getBuiltinModule("node:fs").${name}`;
    const { result } = (await this.#send("Runtime.evaluate", { expression })) as {
      readonly result: { readonly objectId: string };
    };
    await this.#send("Debugger.setBreakpointOnFunctionCall", { objectId: result.objectId });
  }

  async resume(): Promise<void> {
    await this.#send("Debugger.resume");
  }

  #send(method: string, parameters: object = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise((resolve) => {
      this.#answers.set(id, resolve);
    });
    this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    return answer;
  }
}
