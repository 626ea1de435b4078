import type { Attributes, Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "./context.ts";
import type { JobInfo } from "./job.ts";

/*
 * Contract between the adaptors of messaging libraries (`instrumentation/`) and the
 * tracing of messages and jobs (`messaging/`). None of its functions throws.
 */

/** Trace context of a message: names of headers, in lower case, and their values. */
export type PropagationHeaders = Readonly<Record<string, string>>;

/** Address of a broker. */
export interface Broker {
  readonly address: string;
  readonly port?: number;
}

/** Attributes that all operations on messages have: system, destination, operation. */
export interface MessageOperation {
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.destination.name`, of low cardinality, since metrics and span names have it. */
  readonly destination: string;
  /** `messaging.operation.name`, as the library calls it. */
  readonly operation: string;
  readonly messageId?: string | undefined;
  /** Number of messages; default: one. */
  readonly count?: number;
  readonly broker?: Broker | undefined;
  /** Attributes of the span only. */
  readonly attributes?: Attributes;
}

/** Message or job that the app's code handles. */
export interface ReceivedMessage extends MessageOperation {
  /** One for each message: a single sender's span becomes the parent, several are linked. */
  readonly propagationHeaders: readonly PropagationHeaders[];
  readonly group?: string | undefined;
  /**
   * The context of the connection that it was received on, where that is a unit of work: its span
   * is linked, and the message starts with its ids, user and scope.
   */
  readonly connection?: ApiContext | undefined;
  /** Description for error events. */
  readonly job: JobInfo;
}

/** Send of a message: a span until the library has sent it. */
export interface ProducerOperation {
  /** Context for the library's own code. */
  readonly context: ApiContext;
  /** Headers to add to the message. */
  readonly propagationHeaders: PropagationHeaders;
  /** Sets attributes that are known only after the start. */
  setAttributes(attributes: Attributes): void;
  /** @param error the reason why it was not sent. */
  end(error?: unknown): void;
}

/** Handle of one unit of work for the adaptor that runs it. */
export interface UnitOfWorkHandle {
  /** Context for the app's code. */
  readonly context: Context;
  /** Fails the unit; the first failure counts, and the error of each further one is reported, too. */
  fail(failure: UnitFailure): void;
  /** Ends the unit; later calls have no effect. */
  end(): void;
}

/** Handle of the unit of work of a message or a job of a queue. */
export interface MessageHandle extends UnitOfWorkHandle {
  /** Records that the library will run it again, although it has not failed. */
  postpone(): void;
}

/** Failure of a unit of work. */
export interface UnitFailure {
  /** Undefined if the error is unknown. */
  readonly error: unknown;
  /** `error.type`, where it is not that of the error. */
  readonly type?: string;
  /** Whether it will be retried, where the library reports that. */
  readonly willRetry?: boolean | undefined;
}

/** Messages or jobs of a queue, as counted at one time. */
export interface Backlog {
  readonly system: string;
  readonly destination: string;
  /** Counts by state: `waiting`, `active`, `delayed`, `failed`. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Age of the oldest waiting one in seconds; undefined if it is unknown, or none is waiting. */
  readonly oldestSeconds?: number | undefined;
}

/** Lag of a consumer group on one partition. */
export interface ConsumerLag {
  readonly system: string;
  readonly destination: string;
  readonly group: string;
  readonly partition: number;
  /** Number of messages. */
  readonly messages: number;
}

/** Tracing of messages and jobs for the adaptors of libraries. */
export interface MessagingInstrumenter {
  /** Returns undefined where tracing is suppressed. */
  startSend(operation: MessageOperation): ProducerOperation | undefined;
  /** Returns undefined if telltale failed. */
  startProcess(message: ReceivedMessage): MessageHandle | undefined;
  /**
   * Starts a job of a scheduler in the process.
   *
   * @returns a function that runs it; undefined if telltale failed
   */
  startScheduledJob(job: JobInfo): (<R>(work: () => R) => R) | undefined;
  /** Counts a backlog at each collection of metrics, within two seconds, and never in between. */
  observeBacklog(count: () => Promise<readonly Backlog[]>): void;
  observeLag(read: () => readonly ConsumerLag[]): void;
}
