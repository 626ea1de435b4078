import type { ExitRequest } from "./exit.ts";

/**
 * Where the finished work of one signal goes. `Payload` is what one request
 * carries: spans, log records, or one `ResourceMetrics`.
 */
export interface Sender<Payload> {
  /**
   * Sends one payload, retries included. The caller waits for the outcome before
   * it sends the next one. Never rejects.
   *
   * @param timeoutMs upper limit of the whole, beside the configured one.
   */
  send(payload: Payload, timeoutMs: number): Promise<Outcome>;
  /**
   * Stops the send under way, because the process ends. What the kernel already
   * has in full is left alone.
   *
   * @returns true if the peer gets the payload without further help: then it must
   * not be sent again.
   */
  abandon(): boolean;
  /** The same payload as a finished request, for the end of the process; undefined if it can't be made. */
  request(payload: Payload, settle: Settle): ExitRequest | undefined;
}

/** What became of one payload. */
export interface Outcome {
  /** The peer took it, apart from what it rejected. */
  readonly delivered: boolean;
  /** How many items of a delivered payload the peer refused (partial success). */
  readonly rejected: number;
  /** How long the peer asks to be left alone, in milliseconds; 0: it doesn't. */
  readonly holdMs: number;
  /** It was not delivered because the peer is away or can't now; another might take it. */
  readonly away?: boolean;
}

/** Told the outcome of a request that was sent at the end of the process. */
export type Settle = (delivered: boolean, rejected: number) => void;
