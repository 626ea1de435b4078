import type { ExitRequest } from "./pipeline.ts";

/**
 * Where the finished work of one signal goes. `PendingExport` is what one request
 * carries: spans, log records, or one `ResourceMetrics`.
 */
export interface OtlpExporter<Payload> {
  /**
   * Sends one payload, retries included. The caller waits for the outcome before
   * it sends the next one. Never rejects.
   *
   * @param timeoutMs upper limit of the whole, beside the configured one.
   */
  export(payload: Payload, timeoutMs: number): Promise<ExportResult>;
  /**
   * Stops the send under way, because the process ends. What the kernel already
   * has in full is left alone.
   *
   * @returns true if the peer gets the payload without further help: then it must
   * not be sent again.
   */
  cancel(): boolean;
  /** The same payload as a finished request, for the end of the process; undefined if it can't be made. */
  createExitRequest(payload: Payload, onResult: OnExitResult): ExitRequest | undefined;
}

/** What became of one payload. */
export interface ExportResult {
  /** The peer took it, apart from what it rejected. */
  readonly delivered: boolean;
  /** How many items of a delivered payload the peer refused (partial success). */
  readonly rejected: number;
  /** How long the peer asks to be left alone, in milliseconds; 0: it doesn't. */
  readonly retryAfterMs: number;
  /** It was not delivered because the peer is away or can't now; another might take it. */
  readonly retryable?: boolean;
}

/** Told the outcome of a request that was sent at the end of the process. */
export type OnExitResult = (delivered: boolean, rejected: number) => void;
