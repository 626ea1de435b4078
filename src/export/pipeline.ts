import type { ProxyEnvironment } from "./connection/proxy.ts";

/**
 * What has not left yet when the process ends, as a finished request. A worker
 * thread sends it while the main thread waits (`delivery.ts`): at `exit` no
 * asynchronous work runs any more.
 */
export interface ExitRequest {
  readonly kind: "http" | "grpc";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it goes over the wire, compressed where the headers say so. */
  readonly body: Uint8Array;
  /** See `proxyEnvironment`; undefined or left out: no proxy. */
  readonly proxyEnv?: ProxyEnvironment | undefined;
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
  /**
   * Called on the main thread when the outcome is known, for the books. `answer`
   * is the body of the peer's answer (its first few KiB), where a partial success is told;
   * `reason` says why it was not delivered, unless that has been said for all.
   */
  readonly onResult: (delivered: boolean, answer?: Uint8Array, reason?: string) => void;
}

/**
 * Makes one request, to be called once, when the worker thread is starting already.
 * Undefined where it can't be made, which it counts then. Never throws.
 */
export type ExitRequestFactory = () => ExitRequest | undefined;

/** What `lifecycle/` and the admin server see of every pipeline. */
export interface Pipeline {
  /** Sends what is queued; resolves when it is gone or the time is over. Never rejects. */
  flush(timeoutMs: number): Promise<void>;
  /**
   * Takes everything that has not been handed to the network. Synchronous, never
   * throws, and quick: what takes time is left to the requests' making.
   */
  drainForExit(): ExitRequestFactory[];
  /** It sends a state, which is always there, and no queue: at the end once is enough. */
  readonly isSnapshot?: true;
}

/** A queue of ended items on their way to OTLP. */
export interface ItemProcessor<Item> extends Pipeline {
  /** Queues one item, or drops it when the queue is full; the caller has counted it as made. */
  add(item: Item): void;
  /** How many items wait or are under way: what the account's `queued` must come to. */
  readonly queued: number;
}
