import type { OtlpSignal } from "../otlp/decode.ts";

/** A failure that the receiver simulates for the next requests. */
export type Fault = FaultKind & {
  /** Restricts the fault to one signal. Default: all. `events` are Sentry envelopes. */
  readonly signal?: OtlpSignal | "events" | undefined;
  /** Number of requests that it applies to. Default: all, until faults are set again. */
  readonly times?: number | undefined;
};

type FaultKind =
  /** Responds with this status. Nothing is stored. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Stores all but the last `rejected` items, and reports these in a partial success. */
  | { readonly kind: "partial"; readonly rejected: number; readonly message?: string }
  /** Reads the request and never responds. */
  | { readonly kind: "hang" }
  /** Accepts the connection and never reads from it: the request stays in the kernel's buffers. */
  | { readonly kind: "no-read" }
  /** Sends the response head at once, then one byte every `everyMs`, without end. Status 200 stores the items. */
  | { readonly kind: "slow-body"; readonly everyMs: number; readonly status?: number }
  /** Responds with a body of `bytes`. Status 200 stores the items. */
  | { readonly kind: "huge-body"; readonly bytes: number; readonly status?: number }
  /** Reads the request, then closes the connection. Nothing is stored. */
  | { readonly kind: "close" }
  /** Responds normally, after `ms`. */
  | { readonly kind: "delay"; readonly ms: number };

/** The configured faults. The first match applies. */
export class Faults {
  #faults: { readonly fault: Fault; remaining: number }[] = [];

  /** Replaces all faults. An empty list ends them. */
  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, remaining: fault.times ?? Infinity }));
  }

  /** Returns the fault of the next request of this signal, and counts it. */
  consume(signal: OtlpSignal | "events"): Fault | undefined {
    const row = this.#faults.find(
      ({ fault, remaining }) =>
        remaining > 0 && (fault.signal === undefined || fault.signal === signal),
    );
    if (row === undefined) return undefined;
    row.remaining -= 1;
    return row.fault;
  }
}
