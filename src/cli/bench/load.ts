import { readFileSync } from "node:fs";
import Client from "autocannon/lib/httpClient.js";
import { parseThreadTimes } from "../../metrics/runtime/proc-text.ts";
import type { Endpoint } from "./endpoint.ts";

export interface LoadOptions {
  readonly connections: number;
  readonly amount: LoadAmount;
  readonly timeoutSeconds: number;
  /** Ends the load before its time. */
  readonly signal?: AbortSignal | undefined;
}

/** Number of requests, or a time. */
export type LoadAmount = { readonly requests: number } | { readonly ms: number };

/** What became of the requests of a load. */
export interface LoadResult {
  /** Milliseconds of each response, from sending the request to the last byte, in their order. */
  readonly durations: readonly number[];
  /** Number of responses by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Number of requests without a response: failed connections and timeouts. */
  readonly failures: number;
  /** The last failure. */
  readonly failure: string | undefined;
  /** Milliseconds from the start to the last response. */
  readonly elapsedMs: number;
  /** Milliseconds in which this process was ready to run, but had no CPU; 0 if not on Linux. */
  readonly runDelayMs: number;
}

/** A load with more failures ends: a server that is gone refuses thousands per second. */
const MAX_FAILURES = 20;

/** Sends requests, each connection one after the other, and measures their durations. */
export function sendLoad(endpoint: Endpoint, options: LoadOptions): Promise<LoadResult> {
  return new Load(endpoint, options).run();
}

class Load {
  readonly #endpoint: Endpoint;
  readonly #options: LoadOptions;
  readonly #clients = new Set<Client>();
  readonly #durations: number[] = [];
  readonly #statuses = new Map<number, number>();
  readonly #end = Promise.withResolvers<void>();
  #failures = 0;
  #failure: string | undefined;

  constructor(endpoint: Endpoint, options: LoadOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  async run(): Promise<LoadResult> {
    const { amount, signal } = this.#options;
    const delayBefore = ownRunDelay();
    const startedAt = performance.now();
    let endedAt = startedAt;
    for (const requests of this.#shares())
      this.#open(requests, () => {
        endedAt = performance.now();
      });
    const timer = "ms" in amount ? setTimeout(this.#end.resolve, amount.ms) : undefined;
    signal?.addEventListener("abort", this.#stop);
    if (signal?.aborted === true) this.#stop();
    await this.#end.promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", this.#stop);
    const runDelayMs = (ownRunDelay() - delayBefore) * 1000;
    for (const client of this.#clients) client.destroy();
    return {
      ...{ durations: this.#durations, statuses: this.#statuses },
      ...{ failures: this.#failures, failure: this.#failure, elapsedMs: endedAt - startedAt },
      runDelayMs,
    };
  }

  readonly #stop = (): void => this.#end.resolve();

  /** Returns the number of requests of each connection; undefined: until the end. */
  #shares(): readonly (number | undefined)[] {
    const { amount, connections } = this.#options;
    if ("ms" in amount) return Array.from({ length: connections }, () => undefined);
    const { requests } = amount;
    const used = Math.min(connections, requests);
    return Array.from(
      { length: used },
      (_, at) => Math.floor(requests / used) + (at < requests % used ? 1 : 0),
    );
  }

  #open(requests: number | undefined, onResponse: () => void): void {
    const client = new Client(this.#clientOptions(requests));
    this.#clients.add(client);
    forgetAtReconnection(client);
    client.on("response", (status: number, _bytes: number, ms: number) => {
      onResponse();
      this.#durations.push(ms);
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    });
    client.on("connError", (error: NodeJS.ErrnoException) =>
      this.#fail(error.code ?? error.message),
    );
    client.on("timeout", () => this.#fail("timeout"));
    client.on("done", () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#end.resolve();
    });
  }

  #fail(reason: string): void {
    this.#failures++;
    this.#failure = reason;
    if (this.#failures >= MAX_FAILURES) this.#end.resolve();
  }

  #clientOptions(responseMax: number | undefined): ConstructorParameters<typeof Client>[0] {
    const { url, method, headers, body } = this.#endpoint;
    const { protocol, hostname, host, port, pathname, search } = new URL(url);
    return {
      ...{ protocol, host, path: `${pathname}${search}`, method, headers: { ...headers }, body },
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: port === "" ? undefined : port,
      ...{ timeout: this.#options.timeoutSeconds, responseMax, pipelining: 1, requests: [{}] },
    };
  }
}

/** Returns the time in which this process had no CPU although it was ready to run, in seconds. */
function ownRunDelay(): number {
  try {
    return parseThreadTimes(readFileSync("/proc/self/schedstat", "utf8"))?.runDelay ?? 0;
  } catch {
    return 0;
  }
}

/**
 * Forgets the request of a connection that has ended: autocannon 9 would count the next
 * response as its own, with a duration that is too long, and so on until the end.
 */
function forgetAtReconnection(client: Client): void {
  const connect = client._connect.bind(client);
  client._connect = () => {
    client.pipelinedRequests.clear();
    connect();
  };
}
