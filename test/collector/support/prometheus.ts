import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, freePorts } from "../../libraries/servers/daemon.ts";

/** Labels of a series, including its name. */
export type Series = Readonly<Record<string, string>> & { readonly __name__: string };

/** Prometheus' metadata of a metric name. */
export interface Metadata {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

export interface PrometheusServerOptions {
  /** Returns the configuration for a port; default: without targets. */
  readonly config?: (port: number) => string;
  readonly flags?: readonly string[];
  /** The folder of the stored series; default: an empty one, which is removed at the end. */
  readonly data?: string;
}

/** A Prometheus server (Debian's), on a free port. */
export class PrometheusServer {
  readonly url: string;
  readonly #daemon: Daemon;

  private constructor(url: string, daemon: Daemon) {
    this.url = url;
    this.#daemon = daemon;
  }

  /** @param program the path of Prometheus, from `programOrSkip` */
  static async start(
    program: string,
    { config = () => "{}\n", flags = [], data }: PrometheusServerOptions = {},
  ): Promise<PrometheusServer> {
    const [port] = await freePorts(1);
    const daemon = new Daemon("prometheus");
    const url = `http://127.0.0.1:${port}`;
    const file = join(daemon.directory, "prometheus.yml");
    writeFileSync(file, config(port!));
    await daemon.start({
      name: "prometheus",
      command: [
        program,
        `--config.file=${file}`,
        `--storage.tsdb.path=${data ?? join(daemon.directory, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        // The links of alerts begin with it; by default, with the name of the host.
        `--web.external-url=${url}`,
        ...flags,
      ],
      async isReady() {
        const response = await fetch(`${url}/-/ready`);
        if (!response.ok) throw new Error(`ready: ${response.status}`);
      },
    });
    return new PrometheusServer(url, daemon);
  }

  stop(): Promise<void> {
    return this.#daemon.stop();
  }

  /** Returns the data of an API path, e.g. "targets". Rejects with the API's error. */
  async request<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { data: T; error?: string };
    if (!response.ok) throw new Error(`${path}: ${error}`);
    return data;
  }

  /** Returns the series of a query, with labels and values. */
  async query(
    query: string,
  ): Promise<readonly { readonly metric: Record<string, string>; readonly value: number }[]> {
    const { result } = await this.request<{
      result: readonly { metric: Record<string, string>; value: readonly [number, string] }[];
    }>(`query?query=${encodeURIComponent(query)}`);
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Returns all series, of any time. */
  series(selector: string): Promise<readonly Series[]> {
    return this.request(`series?match[]=${encodeURIComponent(selector)}`);
  }

  metadata(): Promise<Readonly<Record<string, readonly Metadata[]>>> {
    return this.request("metadata");
  }

  /** Returns the labels of all exemplars of a metric. */
  async exemplars(metric: string): Promise<readonly Readonly<Record<string, string>>[]> {
    const now = Date.now() / 1000;
    const found = await this.request<
      readonly { exemplars: readonly { labels: Record<string, string> }[] }[]
    >(`query_exemplars?query=${metric}&start=${now - 3600}&end=${now + 60}`);
    return found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
  }
}
