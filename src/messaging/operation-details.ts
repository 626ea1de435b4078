import type { Attributes, Span } from "@opentelemetry/api";
import type { JobInfo } from "../context/job.ts";
import type { MessageOperation, ReceivedMessage } from "../context/messaging.ts";
import { ANONYMOUS, lowCardinality } from "../low-cardinality.ts";
import { messageOperationAttributes } from "./message-attributes.ts";
import type { MessagingMetrics } from "./messaging-metrics.ts";

/** `SpanKind` of the API. */
const INTERNAL = 0;
const CONSUMER = 4;

/** Span and metrics of a unit of work: a message of a broker, or a job without one. */
export interface OperationDetails {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  recordMetrics(
    metrics: MessagingMetrics,
    seconds: number,
    errorType: string | undefined,
    span: Span,
  ): void;
}

export class MessageDetails implements OperationDetails {
  readonly kind: number = CONSUMER;
  readonly #message: ReceivedMessage;

  constructor(message: ReceivedMessage) {
    this.#message = withLabelName(message);
  }

  get name(): string {
    return messageSpanName(this.#message);
  }

  get attributes(): Attributes {
    const { group, job } = this.#message;
    return {
      ...messageAttributes(this.#message),
      "messaging.operation.type": "process",
      ...(group !== undefined && { "messaging.consumer.group.name": group }),
      ...jobAttributes(job),
    };
  }

  recordMetrics(metrics: MessagingMetrics, ...of: [number, string | undefined, Span]): void {
    metrics.recordProcess(this.#message, ...of);
  }
}

export class JobDetails implements OperationDetails {
  readonly kind: number = INTERNAL;
  readonly #job: JobInfo;

  constructor(job: JobInfo) {
    this.#job = job;
  }

  get name(): string {
    return lowCardinality(this.#job.name);
  }

  get attributes(): Attributes {
    return jobAttributes(this.#job);
  }

  recordMetrics(metrics: MessagingMetrics, ...of: [number, string | undefined, Span]): void {
    metrics.recordJob(this.name, ...of);
  }
}

/**
 * Replaces the generated parts of a destination by a placeholder, for labels and
 * span names. The span keeps the full name as an attribute.
 */
export function withLabelName<Of extends MessageOperation>(messageOperation: Of): Of {
  const destination = lowCardinality(messageOperation.destination);
  const isAnonymous = destination.includes(ANONYMOUS);
  if (destination === messageOperation.destination && !isAnonymous) return messageOperation;
  const generated = isAnonymous
    ? { "messaging.destination.anonymous": true }
    : { "messaging.destination.template": destination };
  const fullName = { "messaging.destination.name": messageOperation.destination };
  return {
    ...messageOperation,
    destination,
    attributes: { ...fullName, ...generated, ...messageOperation.attributes },
  };
}

/** Returns `{operation} {destination}`, or the operation where there is no destination. */
export function messageSpanName({ operation, destination }: MessageOperation): string {
  return destination === "" ? operation : `${operation} ${destination}`;
}

export function messageAttributes(messageOperation: MessageOperation): Attributes {
  const { messageId, count, attributes } = messageOperation;
  return {
    ...messageOperationAttributes(messageOperation),
    ...(messageId !== undefined && { "messaging.message.id": messageId }),
    ...(count !== undefined && { "messaging.batch.message_count": count }),
    ...attributes,
  };
}

/** Attributes of telltale's own: the conventions define none for jobs. */
function jobAttributes({ name, attempt, maxAttempts, schedule }: JobInfo): Attributes {
  return {
    "telltale.job.name": name,
    ...(attempt !== undefined && { "telltale.job.attempt": attempt }),
    ...(maxAttempts !== undefined && { "telltale.job.max_attempts": maxAttempts }),
    ...(schedule !== undefined && { "telltale.job.schedule": schedule }),
  };
}
