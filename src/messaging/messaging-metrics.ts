import type { Attributes, BatchObservableResult, ObservableResult, Span } from "@opentelemetry/api";
import { waitAtMost } from "../bounded-wait.ts";
import { wallClock } from "../clock.ts";
import { ROOT_CONTEXT } from "../context/context.ts";
import { lowCardinality } from "../low-cardinality.ts";
import type {
  Backlog,
  ReceivedMessage,
  MessageOperation,
  ConsumerLag,
} from "../context/messaging.ts";
import { SECONDS_BOUNDARIES } from "../metrics/boundaries.ts";
import type { BindableRecorder, BindableSum } from "../metrics/meter.ts";
import type { StoreMeter } from "../metrics/store-meter.ts";
import { messageOperationAttributes } from "./message-attributes.ts";

/** Time limit of counting all backlogs at one collection; later results are left out. */
const BACKLOG_TIMEOUT_MS = 2_000;

/**
 * Metrics of https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/,
 * and those that the conventions have no names for: jobs without a broker, and
 * the size of queues. `kafka.consumer_group.lag` is the name of the Collector's
 * Kafka receiver.
 */
export class MessagingMetrics {
  readonly #meter: StoreMeter;
  readonly #process: BindableRecorder;
  readonly #operation: BindableRecorder;
  readonly #sent: BindableSum;
  readonly #consumed: BindableSum;
  #jobs: BindableRecorder | undefined = undefined;
  #jobSuccess: BindableRecorder | undefined = undefined;
  #backlogs: (() => Promise<readonly Backlog[]>)[] | undefined = undefined;
  #lags: (() => readonly ConsumerLag[])[] | undefined = undefined;

  constructor(meter: StoreMeter) {
    this.#meter = meter;
    this.#process = this.#createDuration(
      "messaging.process.duration",
      "Duration of processing operation.",
    );
    this.#operation = this.#createDuration(
      "messaging.client.operation.duration",
      "Duration of messaging operation initiated by a producer or consumer client.",
    );
    this.#sent = meter.createCounter("messaging.client.sent.messages", {
      description: "Number of messages producer attempted to send to the broker.",
      unit: "{message}",
    });
    this.#consumed = meter.createCounter("messaging.client.consumed.messages", {
      description: "Number of messages that were delivered to the application.",
      unit: "{message}",
    });
  }

  recordSend(
    messageOperation: MessageOperation,
    seconds: number,
    errorType: string | undefined,
    span: Span,
  ): void {
    const attributes = attributesOf(messageOperation, undefined, errorType);
    const operation = { ...attributes, "messaging.operation.type": "send" };
    this.#operation.record(seconds, operation, ROOT_CONTEXT.withSpan(span));
    this.#sent.add(messageOperation.count ?? 1, attributes);
  }

  recordProcess(
    message: ReceivedMessage,
    seconds: number,
    errorType: string | undefined,
    span: Span,
  ): void {
    const attributes = attributesOf(message, message.group, errorType);
    this.#process.record(seconds, attributes, ROOT_CONTEXT.withSpan(span));
    this.#consumed.add(message.count ?? 1, attributesOf(message, message.group, undefined));
  }

  recordJob(name: string, seconds: number, errorType: string | undefined, span: Span): void {
    this.#jobs ??= this.#createDuration("telltale.job.duration", "Duration of job runs.");
    const attributes = {
      "telltale.job.name": name,
      ...(errorType !== undefined && { "error.type": errorType }),
    };
    this.#jobs.record(seconds, attributes, ROOT_CONTEXT.withSpan(span));
    if (errorType === undefined) this.#recordJobSuccess(attributes);
  }

  /** A time, since a counter of a new process has no time of its first value. */
  #recordJobSuccess(attributes: Attributes): void {
    this.#jobSuccess ??= this.#meter.createGauge("telltale.job.last_success", {
      description: "Time of the last successful run of a job, since the epoch.",
      unit: "s",
    });
    this.#jobSuccess.record(Math.floor(wallClock() / 1000), attributes);
  }

  observeBacklog(count: () => Promise<readonly Backlog[]>): void {
    if (this.#backlogs === undefined) {
      this.#backlogs = [];
      this.#observeBacklogs(this.#backlogs);
    }
    this.#backlogs.push(count);
  }

  observeLag(read: () => readonly ConsumerLag[]): void {
    if (this.#lags === undefined) {
      const lags: (() => readonly ConsumerLag[])[] = (this.#lags = []);
      this.#meter
        .createObservableGauge("kafka.consumer_group.lag", {
          description: "Current approximate lag of consumer group at partition of topic",
          unit: "{message}",
        })
        .addCallback((result) => {
          for (const read of lags) for (const lag of read()) reportLag(result, lag);
        });
    }
    this.#lags.push(read);
  }

  #observeBacklogs(backlogs: readonly (() => Promise<readonly Backlog[]>)[]): void {
    const size = this.#meter.createObservableGauge("telltale.queue.size", {
      description: "The number of messages or jobs in a queue, by state.",
      unit: "{message}",
    });
    const age = this.#meter.createObservableGauge("telltale.queue.oldest.age", {
      description: "Age of the oldest job waiting in a queue.",
      unit: "s",
    });
    const observe = async (result: BatchObservableResult): Promise<void> => {
      const counts = backlogs.map(async (count) => {
        for (const { system, destination, sizes, oldestSeconds } of mergeByLabel(await count())) {
          const attributes = {
            "messaging.system": system,
            "messaging.destination.name": destination,
          };
          for (const [state, value] of Object.entries(sizes)) {
            result.observe(size, value, { ...attributes, "telltale.queue.state": state });
          }
          if (oldestSeconds !== undefined) result.observe(age, oldestSeconds, attributes);
        }
      });
      await waitAtMost(Promise.allSettled(counts), BACKLOG_TIMEOUT_MS);
    };
    this.#meter.addBatchObservableCallback(observe, [size, age]);
  }

  #createDuration(name: string, description: string): BindableRecorder {
    return this.#meter.createHistogram(name, {
      description,
      unit: "s",
      advice: { explicitBucketBoundaries: [...SECONDS_BOUNDARIES] },
    });
  }
}

/** Adds up the queues whose generated names share one label. */
function mergeByLabel(backlogs: readonly Backlog[]): Iterable<Backlog> {
  const merged = new Map<string, Backlog>();
  for (const backlog of backlogs) {
    const destination = lowCardinality(backlog.destination);
    const key = `${backlog.system} ${destination}`;
    merged.set(key, mergeBacklogs({ ...backlog, destination }, merged.get(key)));
  }
  return merged.values();
}

function mergeBacklogs(backlog: Backlog, other: Backlog | undefined): Backlog {
  if (other === undefined) return backlog;
  const sizes: Record<string, number> = { ...other.sizes };
  for (const [state, value] of Object.entries(backlog.sizes)) {
    sizes[state] = (sizes[state] ?? 0) + value;
  }
  const ages = [backlog.oldestSeconds, other.oldestSeconds].filter((age) => age !== undefined);
  return { ...backlog, sizes, oldestSeconds: ages.length === 0 ? undefined : Math.max(...ages) };
}

function reportLag(result: ObservableResult, lag: ConsumerLag): void {
  result.observe(lag.messages, {
    "messaging.system": lag.system,
    "messaging.destination.name": lowCardinality(lag.destination),
    "messaging.consumer.group.name": lag.group,
    "messaging.destination.partition.id": String(lag.partition),
  });
}

function attributesOf(
  messageOperation: MessageOperation,
  group: string | undefined,
  errorType: string | undefined,
): Attributes {
  return {
    ...messageOperationAttributes(messageOperation),
    ...(group !== undefined && { "messaging.consumer.group.name": group }),
    ...(errorType !== undefined && { "error.type": errorType }),
  };
}
