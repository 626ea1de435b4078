import { setImmediate, setTimeout } from "node:timers";
import type {
  RecordedEvent,
  RecordedLog,
  RecordedSpan,
  StartedSpan,
} from "../../development/test-recorder.ts";

/** What one call of `observe` has recorded so far. */
export class Observation {
  /** Id of the span around the observed function. */
  readonly rootSpanId: string;
  readonly spans: RecordedSpan[] = [];
  readonly logs: RecordedLog[] = [];
  /** Records without a trace, of whatever ran meanwhile in the process. */
  readonly logsWithoutTrace: RecordedLog[] = [];
  readonly events: RecordedEvent[] = [];
  readonly #open = new Map<string, string>();
  #onChange: (() => void) | undefined = undefined;

  constructor(rootSpanId: string) {
    this.rootSpanId = rootSpanId;
  }

  spanStarted({ spanId, name }: StartedSpan): void {
    this.#open.set(spanId, name);
  }

  spanEnded(span: RecordedSpan): void {
    this.#open.delete(span.spanId);
    this.spans.push(span);
    this.#onChange?.();
  }

  /**
   * Resolves when no span is open, also after the callbacks that are due have run, and `until`
   * is true.
   *
   * @returns the names of the spans that are open when the time is over; empty: all have ended.
   */
  async settled(timeoutMs: number, until: () => boolean): Promise<readonly string[] | undefined> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#onChange?.();
    }, timeoutMs);
    try {
      while (!(await this.#isQuiet(until))) {
        if (isOver) return [...this.#open.values()];
        await this.#nextTurn();
      }
      return undefined;
    } finally {
      clearTimeout(timer);
      this.#onChange = undefined;
    }
  }

  async #isQuiet(until: () => boolean): Promise<boolean> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) {
      if (this.#open.size > 0 || !until()) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#open.size === 0 && until();
  }

  /** Waits for the next span that ends; without an open one for the next turn of the event loop. */
  async #nextTurn(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#open.size === 0) setImmediate(resolve);
      else this.#onChange = resolve;
    });
  }
}

/** Turns of the event loop in which a callback may start the next call. */
const QUIET_TURNS = 3;
