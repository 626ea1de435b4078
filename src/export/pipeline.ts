import type { ProxyEnvironment } from "./connection/proxy.ts";

/**
 * A request that remains to be sent when the process ends. A worker thread sends it
 * while the main thread waits (`exit/send-at-exit.ts`): at `exit` no asynchronous
 * work runs any more.
 */
export interface ExitRequest {
  readonly kind: "http" | "grpc";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as sent, compressed if the headers name an encoding. */
  readonly body: Uint8Array;
  /** See `proxyEnvironment`; undefined without a proxy. */
  readonly proxyEnv?: ProxyEnvironment | undefined;
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
  /**
   * Called on the main thread with the result, for the counters.
   *
   * @param response the first few KiB of the response body, which may report a partial success.
   * @param reason why the request was not delivered; undefined if that is logged for all requests.
   */
  readonly onResult: (delivered: boolean, response?: Uint8Array, reason?: string) => void;
}

/**
 * Creates one request. Called once, while the worker thread starts. Returns undefined
 * if the request cannot be created, and counts its items as dropped. Never throws.
 */
export type ExitRequestFactory = () => ExitRequest | undefined;

/** The part of every pipeline that `lifecycle/` and the admin server use. */
export interface Pipeline {
  /** Exports what is queued; resolves when that is done or the time is over. Never rejects. */
  flush(timeoutMs: number): Promise<void>;
  /**
   * Removes and returns everything that has not been written to the network.
   * Synchronous and never throws. It is quick: the factories do what takes time.
   */
  drainForExit(): ExitRequestFactory[];
  /** The pipeline exports a state instead of a queue: exporting it once at process exit is enough. */
  readonly isSnapshot?: true;
}

/** Returns one pipeline of several. */
export function joinPipelines(pipelines: readonly Pipeline[]): Pipeline {
  return {
    flush: async (timeoutMs) => {
      await Promise.all(pipelines.map((one) => one.flush(timeoutMs)));
    },
    drainForExit: () => pipelines.flatMap((one) => one.drainForExit()),
  };
}

/** A pipeline that queues finished items for export. */
export interface ItemProcessor<Item> extends Pipeline {
  /** Queues one item, or drops it when the queue is full. The caller has counted it as created. */
  add(item: Item): void;
  /** Number of items that are queued or in flight: what `queued` of the counters must equal. */
  readonly queued: number;
}
