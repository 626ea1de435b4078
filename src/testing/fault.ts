import type { OtlpSignal } from "./otlp.ts";

/** What may go wrong with a peer; the next requests meet it. */
export type Fault = FaultKind & {
  /** Only requests of this signal; undefined: all. `events` are Sentry's envelopes. */
  readonly signal?: OtlpSignal | "events" | undefined;
  /** How many requests; undefined: until another fault or none is set. */
  readonly times?: number | undefined;
};

export type FaultKind =
  /** Answers this status; nothing is kept. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Keeps all but the last `rejected` items, and says so in a partial success. */
  | { readonly kind: "partial"; readonly rejected: number; readonly message?: string }
  /** Takes the request and never answers. */
  | { readonly kind: "hang" }
  /** Accepts the connection and never reads: what is sent stays in the kernel. */
  | { readonly kind: "deaf" }
  /** Answers `status` at once, then one byte every `everyMs`, for ever. 200 keeps the items. */
  | { readonly kind: "drip"; readonly everyMs: number; readonly status?: number }
  /** Answers with a body of `bytes`. 200 keeps the items. */
  | { readonly kind: "giant"; readonly bytes: number; readonly status?: number }
  /** Reads the request, then closes the connection; nothing is kept. */
  | { readonly kind: "close" }
  /** Answers right, but only after `ms`. */
  | { readonly kind: "slow"; readonly ms: number };

/** The faults that are set, first come first served. */
export class Faults {
  #faults: { fault: Fault; left: number }[] = [];

  /** Replaces what was set; no faults: all is well again. */
  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Infinity }));
  }

  consume(signal: OtlpSignal | "events"): Fault | undefined {
    const row = this.#faults.find(
      ({ fault, left: remaining }) =>
        remaining > 0 && (fault.signal === undefined || fault.signal === signal),
    );
    if (row === undefined) return undefined;
    row.left -= 1;
    return row.fault;
  }
}
