import { fileURLToPath } from "node:url";
import type { ReceivedLog, ReceivedMetric, ReceivedSpan } from "../../../src/testing/received.ts";
import { freePort } from "../../free-port.ts";
import { Program } from "../program.ts";

const receiver = fileURLToPath(new URL("../../../src/testing/main.ts", import.meta.url));

/** A receiver in a child process, so that it can be killed. */
export class Gateway {
  readonly url: string;
  readonly grpcUrl: string;
  readonly #program: Program;

  constructor(program: Program, url: string, grpcUrl: string) {
    this.#program = program;
    this.url = url;
    this.grpcUrl = grpcUrl;
  }

  /**
   * @param given the port of an earlier gateway. Default: a free one, which no connection of
   *   another process gets while the gateway is stopped.
   */
  static async start(given?: number): Promise<Gateway> {
    const port = given ?? (await freePort());
    const program = new Program({
      file: receiver,
      args: ["--port", String(port), "--grpc-port", "0"],
    });
    const line = await program.waitForStdout((stdout) => /^\{.*\}$/m.exec(stdout)?.[0]);
    const { url, grpcUrl } = JSON.parse(line) as { url: string; grpcUrl: string };
    return new Gateway(program, url, grpcUrl);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  spans(): Promise<readonly ReceivedSpan[]> {
    return this.#received("spans") as Promise<readonly ReceivedSpan[]>;
  }

  logs(): Promise<readonly ReceivedLog[]> {
    return this.#received("logs") as Promise<readonly ReceivedLog[]>;
  }

  metrics(): Promise<readonly ReceivedMetric[]> {
    return this.#received("metrics") as Promise<readonly ReceivedMetric[]>;
  }

  /** Kills it, like a crash. */
  async kill(): Promise<void> {
    this.#program.kill("SIGKILL");
    await this.#program.ended;
  }

  async #received(kind: string): Promise<unknown> {
    const response = await fetch(`${this.url}/received/${kind}`);
    return response.json();
  }
}
