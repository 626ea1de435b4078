/** The part of a span that `OpenSpans` uses. */
export interface OpenSpan {
  readonly ended: boolean;
  end(): void;
}

/** Far more errors than are in progress when a process ends. */
const CAPACITY = 200;

/**
 * Spans that an event refers to and that have not ended. Those that are still open at
 * process exit, as after an uncaught exception or where the app forgot to end one, are
 * ended then, since only ended spans are exported.
 */
export class OpenSpans {
  readonly #spans = new Set<OpenSpan>();

  /** Adds a span; if there are too many, the oldest is left out. */
  add(span: OpenSpan): void {
    if (this.#spans.size >= CAPACITY && !this.#spans.has(span)) this.#evict();
    this.#spans.add(span);
  }

  /** Ends the open ones. Never throws. */
  endAll(): void {
    for (const span of this.#spans) {
      try {
        span.end();
      } catch {
        // A span processor of the app.
      }
    }
    this.#spans.clear();
  }

  #evict(): void {
    for (const span of this.#spans) if (span.ended) this.#spans.delete(span);
    for (const oldest of this.#spans) {
      if (this.#spans.size >= CAPACITY) this.#spans.delete(oldest);
      return;
    }
  }
}
