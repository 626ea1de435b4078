import type { EventDropReason } from "@sentry/core";
import type { DropReason, SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { ExitRequest, ExitRequestFactory } from "../../export/pipeline.ts";
import type { Spool } from "../spool/spool.ts";
import type { StoredFile } from "../spool/stored-file.ts";
import type { EnvelopeLosses } from "./envelope-losses.ts";
import type { EnvelopeRequest } from "./envelope-request.ts";
import type { EnvelopeSender } from "./envelope-sender.ts";
import type { SendPause } from "./send-pause.ts";
import type { SentryExportLog } from "./sentry-export-log.ts";

/** A later response is not expected at process exit, in milliseconds. */
const USUAL_RESPONSE_MS = 2_000;

export interface ExitRequestsDeps {
  readonly counters: SignalCounters;
  readonly log: SentryExportLog;
  readonly losses: EnvelopeLosses;
  readonly sendPause: SendPause;
  readonly sender: EnvelopeSender;
  /** Where events are stored before they are sent: the process may be killed in between. */
  readonly spool: Spool | undefined;
}

/** The envelopes that are sent or stored at one process exit. A stored event is deleted when Sentry has it. */
export class ExitRequests {
  readonly #deps: ExitRequestsDeps;
  /** When nothing is stored any more, by `performance.now()`. */
  readonly #deadline: number;
  /** Number of requests without a result. */
  #remaining = 0;

  /** @param timeoutMs time limit for storing. */
  constructor(deps: ExitRequestsDeps, timeoutMs: number) {
    this.#deps = deps;
    this.#deadline = performance.now() + timeoutMs;
  }

  /** Stores an event that Sentry has probably not read, though the network has it. Returns whether it is on disk. */
  storeUnanswered(request: EnvelopeRequest): boolean {
    if (!this.#deps.sendPause.isFailing && request.waitingMs < USUAL_RESPONSE_MS) return false;
    request.file ??= this.#store(request);
    return request.file !== undefined;
  }

  /** Returns what the exit sends. Leaves the stored events to other processes after the last result. */
  create(requests: readonly EnvelopeRequest[]): ExitRequestFactory[] {
    this.#remaining = requests.length;
    if (requests.length === 0) this.#deps.spool?.abandonSync();
    return requests.map((request) => () => this.#create(request));
  }

  /** Returns undefined if the envelope is not sent, because Sentry is unavailable. */
  #create(request: EnvelopeRequest): ExitRequest | undefined {
    const { spool, sendPause, sender } = this.#deps;
    const file = this.#store(request);
    const isUseless = file !== undefined || (spool !== undefined && request.isStatistics);
    if (sendPause.isFailing && isUseless) {
      this.#onDone(file, false);
      request.finish();
      return undefined;
    }
    return {
      ...sender.exitRequest(request),
      onResult: (delivered, _response, reason) => {
        const isDecided = delivered || isRejection(reason);
        this.#onResult(request, delivered, reason, file !== undefined && !isDecided);
        this.#onDone(file, isDecided);
      },
    };
  }

  #onResult(
    request: EnvelopeRequest,
    delivered: boolean,
    reason: string | undefined,
    isStored: boolean,
  ): void {
    const { counters, losses, log } = this.#deps;
    if (delivered) counters.sent += request.events;
    else if (!isStored) losses.addRequest(request, ...lossReasonsOf(reason));
    if (!delivered && reason !== undefined && !request.isStatistics)
      log.undelivered(reason, request.events, isStored);
    request.finish();
  }

  /** Returns undefined if the envelope is not stored. */
  #store({ storable }: EnvelopeRequest): StoredFile | undefined {
    if (storable === undefined || performance.now() >= this.#deadline) return undefined;
    return this.#deps.spool?.storeSync(storable);
  }

  /** @param isDecided whether Sentry has accepted or rejected the envelope. */
  #onDone(file: StoredFile | undefined, isDecided: boolean): void {
    const { spool } = this.#deps;
    if (file !== undefined && isDecided) spool?.removeSync(file);
    else if (file !== undefined) spool?.putBack(file);
    if (--this.#remaining === 0) spool?.abandonSync();
  }
}

/** Whether the exit worker reports a response that concerns this envelope, as opposed to an outage. */
function isRejection(reason: string | undefined): boolean {
  return (statusOf(reason) ?? 500) < 500;
}

/** Returns the status of the response that the exit worker reports; undefined without one. */
function statusOf(reason: string | undefined): number | undefined {
  const [, status] = /^answered (\d{3})/.exec(reason ?? "") ?? [];
  return status === undefined ? undefined : Number(status);
}

/** Returns the reasons of a loss. Sentry counts what it has answered with 429. */
function lossReasonsOf(reason: string | undefined): [DropReason, EventDropReason | undefined] {
  const status = statusOf(reason);
  if (status === undefined) return ["failed", "network_error"];
  return ["rejected", status === 429 ? undefined : "send_error"];
}
