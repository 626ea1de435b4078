import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import { delay } from "../../export/delay.ts";
import type { ExitRequestFactory } from "../../export/pipeline.ts";
import type { ProfileFile } from "./profile-file.ts";
import type { ProfileSink } from "./profile-sink.ts";

/** Those of some minutes. The oldest one is dropped for a new one. */
const MAX_QUEUED = 8;

/** Delivers profiles one after the other, and counts what becomes of them. */
export class ProfileQueue {
  readonly #sink: ProfileSink;
  readonly #counters: SignalCounters;
  #files: ProfileFile[] = [];
  #delivered: ProfileFile | undefined = undefined;
  #delivering: Promise<void> | undefined = undefined;

  constructor(sink: ProfileSink, counters: SignalCounters) {
    this.#sink = sink;
    this.#counters = counters;
  }

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  /** Queues a profile, which is counted as created. */
  add(file: ProfileFile): void {
    if (this.#files.length >= MAX_QUEUED) {
      // The first one may be on its way.
      const dropped = this.#files.find((one) => one !== this.#delivered);
      this.#files = this.#files.filter((one) => one !== dropped);
      this.#counters.drop("queue_full", 1);
    }
    this.#files.push(file);
    this.#delivering ??= this.#deliverAll();
  }

  /** Resolves when all profiles are sent or dropped. */
  async sent(): Promise<void> {
    await this.#delivering;
  }

  /** Removes and returns what the receiver does not have, for the end of the process. */
  drainForExit(): ExitRequestFactory[] {
    const isOnItsWay = this.#delivered !== undefined && this.#sink.cancel();
    const files = this.#files.filter((file) => !isOnItsWay || file !== this.#delivered);
    this.#files = this.#files.filter((file) => !files.includes(file));
    return files.flatMap((file) => this.deliverAtExit(() => file));
  }

  /** Delivers a profile at the end of the process, which is counted as created already. */
  deliverAtExit(file: () => ProfileFile | undefined): ExitRequestFactory[] {
    const count = (isSent: boolean): void => {
      if (isSent) this.#counters.sent++;
      else this.#counters.drop("shutdown", 1);
    };
    const tryFile = (): ProfileFile | undefined => {
      try {
        return file();
      } catch {
        count(false);
        return undefined;
      }
    };
    const factory = this.#sink.deliverAtExit(tryFile, count);
    return factory === undefined ? [] : [factory];
  }

  async #deliverAll(): Promise<void> {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      const pauseMs = await this.#deliver(file);
      if (pauseMs > 0) await delay(pauseMs);
    }
    this.#delivering = undefined;
  }

  /** Returns a pause before the next one, in milliseconds. */
  async #deliver(file: ProfileFile): Promise<number> {
    this.#delivered = file;
    const delivery = await this.#sink.deliver(file);
    this.#delivered = undefined;
    // Taken for the end of the process, which may not have ended.
    if (!this.#files.includes(file)) return 0;
    this.#files = this.#files.filter((one) => one !== file);
    if (delivery.status === "sent") this.#counters.sent++;
    else this.#counters.drop(delivery.status === "rejected" ? "rejected" : "failed", 1);
    return "pauseMs" in delivery ? (delivery.pauseMs ?? 0) : 0;
  }
}
