import {
  createClientReportEnvelope,
  type DataCategory,
  type Envelope,
  type Event,
  type TransportMakeRequestResponse,
} from "@sentry/core";
import type { HttpAttempt } from "../../export/connection/http-client.ts";
import { fitEvent } from "../event-size.ts";
import type { StoredEnvelope, StoredFile } from "../spool/stored-file.ts";
import type { StoredEntry } from "../spool/spool.ts";
import {
  categoriesOf,
  countAttachments,
  countEvents,
  type ItemLoss,
  itemLosses,
  storedCategoryOf,
  storedLosses,
} from "./envelope-items.ts";
import { serializedEnvelope } from "./serialized-envelope.ts";

/** A larger event that the peer rejects with 413 is sent once more, reduced to this size. */
const REDUCED_EVENT_BYTES = 200_000;

/** An older `sent_at` is replaced before the envelope is sent, in milliseconds. */
const SENT_AT_MAX_AGE_MS = 5_000;

const NEWLINE = 0x0a;

const STATISTICS: ReadonlySet<string> = new Set(["client_report", "sessions"]);

/** An envelope that is queued or in flight. */
export class EnvelopeRequest {
  body: Uint8Array;
  /** Number of its events, for the counters. */
  readonly events: number;
  /** What is lost with it, for client reports. */
  readonly losses: readonly ItemLoss[];
  /** Sentry's categories of its items, without attachments, which belong to an event. */
  readonly categories: readonly DataCategory[];
  /** Whether it has only client reports and counts of sessions, whose loss the log does not mention. */
  readonly isStatistics: boolean;
  /** Undefined once it cannot be reduced any more. */
  #envelope: Envelope | undefined;
  readonly #done = Promise.withResolvers<TransportMakeRequestResponse>();
  attempt: HttpAttempt | undefined = undefined;
  /** Whether it was sent again at once, because the peer had closed a kept-alive connection. */
  isResent = false;
  /** Number of tries that failed because Sentry was unavailable. */
  failures = 0;
  /** The reason of the latest of them. */
  dropReason: "failed" | "rejected" = "failed";
  /** When the latest try started, in milliseconds of `performance.now()`. */
  startedAt = 0;
  /** When `sent_at` was set, in milliseconds of `performance.now()`. */
  #sentAt = performance.now();
  /** Its file, if it is on disk. */
  file: StoredFile | undefined;
  readonly #storable: Omit<StoredEnvelope, "body"> | undefined;

  private constructor(parts: RequestParts) {
    this.body = parts.body;
    this.events = parts.events;
    this.losses = parts.losses;
    this.categories = parts.categories;
    this.isStatistics = parts.isStatistics;
    this.#envelope = parts.body.length > REDUCED_EVENT_BYTES ? parts.envelope : undefined;
    this.file = parts.file;
    this.#storable = parts.storable;
  }

  /** @throws if the envelope cannot be serialised. */
  static of(envelope: Envelope): EnvelopeRequest {
    const category = storedCategoryOf(envelope);
    const { event_id: id } = envelope[0] as { event_id?: unknown };
    const isStorable = category !== undefined && typeof id === "string" && isEventId(id);
    return new EnvelopeRequest({
      body: serializedEnvelope(withTimeSent(envelope)),
      envelope,
      events: countEvents(envelope),
      losses: itemLosses(envelope),
      categories: categoriesOf(envelope),
      isStatistics: envelope[1].every(([{ type }]) => STATISTICS.has(type)),
      file: undefined,
      storable: isStorable
        ? { id, category, attachments: countAttachments(envelope), time: Date.now() }
        : undefined,
    });
  }

  /** Returns the request of an envelope on disk, whose `sent_at` is old. */
  static ofStored({ file, body }: StoredEntry): EnvelopeRequest {
    const { category } = file;
    return new EnvelopeRequest({
      body: withSentAt(body, new Date()),
      envelope: undefined,
      events: 1,
      losses: storedLosses(file).map((loss) => ({ ...loss, reason: undefined })),
      categories: [category],
      isStatistics: false,
      file,
      storable: undefined,
    });
  }

  /**
   * Returns a request that finds out whether Sentry takes envelopes: a report without
   * losses. It is not sent again.
   */
  static ofProbe(): EnvelopeRequest {
    const request = EnvelopeRequest.of(createClientReportEnvelope([]));
    request.failures = Infinity;
    return request;
  }

  /** What can be stored on disk; undefined for check-ins, sessions and reports. */
  get storable(): StoredEnvelope | undefined {
    return this.#storable && { ...this.#storable, body: this.body };
  }

  /** Resolves with the response, or with an empty one if the envelope was dropped. */
  get done(): Promise<TransportMakeRequestResponse> {
    return this.#done.promise;
  }

  /** Whether the kernel has all of it, and delivers it even if the process ends. */
  get isWritten(): boolean {
    return this.attempt?.isFullyWritten() === true;
  }

  /** How long the response is awaited. */
  get waitingMs(): number {
    return performance.now() - this.startedAt;
  }

  finish(response: TransportMakeRequestResponse = {}): void {
    this.#done.resolve(response);
  }

  /** Reduces the body. Returns false if there is nothing to reduce. */
  reduce(): boolean {
    if (this.#envelope === undefined) return false;
    const [head, items] = this.#envelope as [object, (readonly [{ type: string }, Event])[]];
    const fittedItems = items.map(
      ([itemHead, payload]) =>
        [
          itemHead,
          itemHead.type === "event" ? fitEvent(payload, REDUCED_EVENT_BYTES) : payload,
        ] as const,
    );
    this.#envelope = undefined;
    this.body = serializedEnvelope(withTimeSent([head, fittedItems] as unknown as Envelope));
    return true;
  }

  /**
   * Updates `sent_at` of an envelope that has waited: Sentry corrects the timestamps of
   * its events by the difference between `sent_at` and the time of arrival.
   * https://develop.sentry.dev/sdk/data-model/envelopes/#envelope-headers
   */
  refreshSentAt(): void {
    const now = performance.now();
    if (now - this.#sentAt < SENT_AT_MAX_AGE_MS) return;
    this.#sentAt = now;
    this.body = withSentAt(this.body, new Date());
  }

  abort(): void {
    const { attempt } = this;
    this.attempt = undefined;
    attempt?.abort("aborted");
  }
}

interface RequestParts {
  readonly body: Uint8Array;
  readonly envelope: Envelope | undefined;
  readonly events: number;
  readonly losses: readonly ItemLoss[];
  readonly categories: readonly DataCategory[];
  readonly isStatistics: boolean;
  readonly file: StoredFile | undefined;
  readonly storable: Omit<StoredEnvelope, "body"> | undefined;
}

/** Returns the envelope with `sent_at`, which Sentry's client leaves out of client reports. */
function withTimeSent(envelope: Envelope): Envelope {
  const [head, items] = envelope as [object, Envelope[1]];
  return [{ sent_at: new Date().toISOString(), ...head }, items] as Envelope;
}

function isEventId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/** Returns the envelope with another `sent_at`, or as it is if it has none. */
export function withSentAt(body: Uint8Array, sentAt: Date): Uint8Array {
  const end = body.indexOf(NEWLINE);
  const head = JSON.parse(Buffer.from(body.subarray(0, end)).toString()) as Record<string, unknown>;
  if (head["sent_at"] === undefined) return body;
  const updated = JSON.stringify({ ...head, sent_at: sentAt.toISOString() });
  return Buffer.concat([Buffer.from(updated), body.subarray(end)]);
}
