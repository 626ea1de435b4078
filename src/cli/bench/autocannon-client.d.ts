/*
 * The client of autocannon, one connection that sends the next request at each response.
 * Its main module has a command line and histograms in WebAssembly as well, 480 kB, which
 * round durations down to milliseconds.
 */
declare module "autocannon/lib/httpClient.js" {
  import type { EventEmitter } from "node:events";

  interface ClientOptions {
    readonly protocol: string;
    readonly hostname: string;
    readonly host: string;
    readonly port: string | undefined;
    readonly path: string;
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string | undefined;
    /** Seconds. */
    readonly timeout: number;
    /** Number of requests; undefined: until the end. */
    readonly responseMax: number | undefined;
    readonly pipelining: 1;
    /** Differences of the requests: one that has none. */
    readonly requests: readonly [object];
  }

  /**
   * Emits `response` with status, bytes and milliseconds, `connError` with an error, `timeout`,
   * and `done` after `responseMax` requests.
   */
  class Client extends EventEmitter {
    readonly pipelinedRequests: { clear(): void };
    constructor(options: ClientOptions);
    /** Opens a connection, and sends the next request. */
    _connect(): void;
    destroy(): void;
  }

  export default Client;
}
