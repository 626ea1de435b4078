import type { ExitRequest } from "./pipeline.ts";

/**
 * Exports one signal. `Payload` is the content of one request: spans, log records,
 * or one `ResourceMetrics`.
 */
export interface TelemetryExporter<Payload> {
  /**
   * Sends one payload, retries included. The caller awaits the result before it
   * sends the next one. Never rejects.
   *
   * @param timeoutMs upper limit of the whole export, beside the configured one.
   */
  export(payload: Payload, timeoutMs: number): Promise<ExportResult>;
  /**
   * Cancels the export in flight, because the process ends. A request that the
   * kernel has in full is left to the kernel.
   *
   * @returns true if the kernel delivers the payload: then it must not be sent again.
   */
  cancel(): boolean;
  /** Logs the loss of further items for the reason of the last failure. */
  logLost?(count: number): void;
  /** Creates the request that sends the payload at process exit; undefined if that fails. */
  createExitRequest(payload: Payload, onResult: OnExitResult): ExitRequest | undefined;
}

/** The result of exporting one payload. */
export interface ExportResult {
  /** Whether the peer accepted the payload, apart from the rejected items. */
  readonly delivered: boolean;
  /** Number of items of a delivered payload that the peer rejected (partial success). */
  readonly rejected: number;
  /** Pause that the peer asks for, in milliseconds; 0 if it asks for none. */
  readonly retryAfterMs: number;
  /** The payload was not delivered because the peer is unavailable; another peer might accept it. */
  readonly retryable?: boolean;
  /** The payload was not delivered because the peer accepts smaller ones only. */
  readonly tooLarge?: boolean;
}

/** Called with the result of a request that was sent at process exit. */
export type OnExitResult = (delivered: boolean, rejected: number) => void;
