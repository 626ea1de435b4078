import { Agent, get } from "node:http";

/** Requests without a pause on kept connections, which count those with a complete response. */
export class Load {
  readonly #port: number;
  readonly #agent: Agent;
  readonly #loops: Promise<void>[];
  #isStopped = false;
  completed = 0;
  failed = 0;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#loops = Array.from({ length: connections }, () => this.#loop());
  }

  /** Resolves when the last request has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      if (await this.#request()) this.completed += 1;
      else this.failed += 1;
    }
  }

  #request(): Promise<boolean> {
    return new Promise((resolve) => {
      // A connection that is handed to a worker just before it is killed is never answered.
      const options = { port: this.#port, host: "127.0.0.1", agent: this.#agent, timeout: 5000 };
      const request = get(options, (response) => {
        response.on("error", () => resolve(false));
        response.on("end", () => resolve(response.complete && response.statusCode === 200));
        response.resume();
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(false));
    });
  }
}
