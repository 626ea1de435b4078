import { Daemon, freePorts } from "../../libraries/servers/daemon.ts";

/** A row of a result: all values are text. */
export type Row = Readonly<Record<string, string>>;

/** A server of VictoriaLogs, which ends with this process, however that ends. */
export class VictoriaLogs {
  readonly url: string;
  readonly #daemon: Daemon;

  private constructor(daemon: Daemon, url: string) {
    this.#daemon = daemon;
    this.url = url;
  }

  static async start(binary: string): Promise<VictoriaLogs> {
    const [port] = await freePorts(1);
    const daemon = new Daemon("victoria-logs");
    const server = new VictoriaLogs(daemon, `http://127.0.0.1:${port}`);
    await daemon.start({
      name: "victoria-logs",
      command: [
        binary,
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${daemon.directory}/data`,
      ],
      isReady: async () => {
        const response = await fetch(`${server.url}/health`);
        if (!response.ok) throw new Error(`health: ${response.status}`);
      },
    });
    return server;
  }

  /** Returns what a query in LogsQL finds. */
  async rows(query: string): Promise<readonly Row[]> {
    const text = await this.#post("query", { query });
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Row);
  }

  /**
   * Evaluates an expression as vmalert does.
   *
   * @param time the time of the evaluation
   * @returns the values by service
   */
  async evaluate(expr: string, time: Date): Promise<ReadonlyMap<string, number>> {
    const text = await this.#post("stats_query", { query: expr, time: time.toISOString() });
    const { data } = JSON.parse(text) as StatsResult;
    return new Map(
      data.result.map(({ metric, value }) => [metric["service"] ?? "", Number(value[1])]),
    );
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
  }

  async #post(path: string, parameters: Record<string, string>): Promise<string> {
    const body = new URLSearchParams(parameters);
    const response = await fetch(`${this.url}/select/logsql/${path}`, { method: "POST", body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
    return text;
  }
}

interface StatsResult {
  readonly data: {
    readonly result: readonly { readonly metric: Row; readonly value: readonly [number, string] }[];
  };
}
