import type { ExportResult } from "@opentelemetry/core";
import type { BatchConfig } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { ExitRequest, ExitRequestFactory } from "../export/pipeline.ts";

/** An exporter of the SDK, of spans or of log records. */
export interface ItemExporter<Item> {
  export(items: Item[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface OutstandingItemsDeps<Item> {
  /** The items in the plural, for messages: "spans". */
  readonly name: string;
  readonly config: BatchConfig;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry | undefined;
  /** Returns an item as it is exported, without secrets. */
  readonly exported: (item: Item) => Item;
  /** Creates the request that sends items at the exit of the process. */
  readonly createExitRequest: (
    items: Item[],
    onResult: ExitRequest["onResult"],
  ) => ExitRequest | undefined;
}

/** `ExportResultCode` of the SDK. */
const SUCCESS = 0;
const FAILED = 1;

/**
 * The items that a batch processor of the SDK has taken and that no receiver has
 * accepted. The SDK's processor queues them, and can't return them: at the exit of the
 * process no asynchronous work runs any more, so they are sent from here
 * (`lifecycle/`). A request in flight at that time is sent again, since the SDK's
 * exporter doesn't know how much of it was written.
 */
export class OutstandingItems<Item extends object> {
  readonly #deps: OutstandingItemsDeps<Item>;
  readonly #items = new Set<Item>();
  #inFlight = 0;

  constructor(deps: OutstandingItemsDeps<Item>) {
    this.#deps = deps;
  }

  /** Adds an item, unless the queue of the SDK is full, which would drop it without a word. */
  add(item: Item): boolean {
    const { counters, config, unsent } = this.#deps;
    counters.created++;
    unsent?.mark();
    if (this.#items.size - this.#inFlight >= config.maxQueueSize) {
      counters.drop("queue_full", 1);
      return false;
    }
    this.#items.add(item);
    return true;
  }

  /** Returns an exporter for the SDK's processor, which counts what an exporter delivers. Never throws. */
  exporter(exporter: ItemExporter<Item>): ItemExporter<Item> & { forceFlush(): Promise<void> } {
    return {
      export: (items, resultCallback) => {
        const mine = items.filter((item) => this.#items.has(item));
        if (mine.length === 0) {
          resultCallback({ code: SUCCESS });
          return;
        }
        this.#inFlight += mine.length;
        const settle = (result: ExportResult): void => {
          this.#inFlight -= mine.length;
          this.#settle(mine, result);
          resultCallback(result);
        };
        try {
          exporter.export(mine.map(this.#deps.exported), settle);
        } catch (error) {
          settle({ code: FAILED, error: error as Error });
        }
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    };
  }

  drainForExit(): ExitRequestFactory[] {
    const { config, counters, exported, createExitRequest } = this.#deps;
    const items = [...this.#items];
    this.#items.clear();
    const requests: ExitRequestFactory[] = [];
    for (let start = 0; start < items.length; start += config.maxBatchSize) {
      const part = items.slice(start, start + config.maxBatchSize);
      requests.push(() => {
        const request = createExitRequest(part.map(exported), (delivered) => {
          if (delivered) counters.sent += part.length;
          else this.#dropAtExit(part.length);
        });
        if (request === undefined) this.#dropAtExit(part.length);
        return request;
      });
    }
    return requests;
  }

  #dropAtExit(count: number): void {
    const { counters, diagnostics, name } = this.#deps;
    counters.drop("shutdown", count);
    diagnostics.warn(`sdk ${name}`, `${count} ${name} were not exported when the process ended`);
  }

  /** Counts items whose export has ended; those that the exit has taken are counted there. */
  #settle(items: readonly Item[], { code, error }: ExportResult): void {
    const { counters, diagnostics, name } = this.#deps;
    const ended = items.filter((item) => this.#items.delete(item)).length;
    if (code === SUCCESS) {
      counters.sent += ended;
      return;
    }
    counters.drop("failed", ended);
    diagnostics.warn(
      `sdk ${name}`,
      `${ended} ${name} were not exported and are dropped: ${error?.message ?? "no reason is known"}`,
    );
  }
}
