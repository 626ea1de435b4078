import { isMainThread } from "node:worker_threads";
import type { Config } from "../../config/config.ts";
import type { Accounts } from "../../diagnostics/account.ts";
import type { StoreMeter } from "../store-meter.ts";
import { observeBooks } from "./books.ts";
import { observeEventLoop } from "./event-loop.ts";
import { observeGarbage } from "./garbage.ts";
import { observeHeap } from "./heap.ts";
import { observeProcess } from "./process.ts";
import { Recent } from "./recent.ts";

export interface WatchOptions {
  readonly meter: StoreMeter;
  readonly config: Config;
  readonly accounts: Accounts;
}

/**
 * Begins to observe everything that nobody records: event loop, garbage
 * collection, heap, process, our own books. A chunk of its own, loaded a turn
 * after start. What it starts is unref'd.
 */
export function watch({ meter, config, accounts }: WatchOptions): void {
  const recent = new Recent();
  observeEventLoop(meter, recent);
  observeGarbage(meter);
  observeHeap(meter);
  // A worker thread shares these with its process, which reports them.
  if (isMainThread) observeProcess(meter, recent);
  observeBooks(meter, config, accounts);
}
