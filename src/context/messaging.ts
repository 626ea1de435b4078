import type { Attributes, Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "./context.ts";
import type { JobInfo } from "./job.ts";

/*
 * What those who know a library (instrumentation) and those who know what work
 * is (entry) say to each other. Nothing behind it ever throws.
 */

/** Trace context as a message carries it: names of headers, in lower case, and their values. */
export type PropagationHeaders = Readonly<Record<string, string>>;

/** Where the broker is. */
export interface Broker {
  readonly address: string;
  readonly port?: number;
}

/** What all that is said of messages begins with: who, where, what. */
export interface MessageOperation {
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.destination.name`: of few values, as it is in metrics and in the span's name. */
  readonly destination: string;
  /** `messaging.operation.name`: the library's word for it. */
  readonly operation: string;
  readonly messageId?: string | undefined;
  /** How many messages; one, if absent. */
  readonly count?: number;
  readonly broker?: Broker | undefined;
  /** Of the span only. */
  readonly attributes?: Attributes;
}

/** A message or a job that is handed to the app's code. */
export interface ReceivedMessage extends MessageOperation {
  /** One of each message: of one the sender's span becomes the parent, several are linked. */
  readonly propagationHeaders: readonly PropagationHeaders[];
  readonly group?: string | undefined;
  /**
   * The context of the connection that it came over, where that is a unit of work: its span is
   * linked, and its ids, user and scope are where the message's begin.
   */
  readonly connection?: ApiContext | undefined;
  /** What an error event says of it. */
  readonly job: JobInfo;
}

/** A message on its way out: a span, until the library has sent it. */
export interface ProducerOperation {
  /** What the library's own code runs under. */
  readonly context: ApiContext;
  /** What the message is to carry. */
  readonly propagationHeaders: PropagationHeaders;
  /** Takes what is known late. */
  setAttributes(attributes: Attributes): void;
  /** @param error why it wasn't sent, if it wasn't. */
  end(error?: unknown): void;
}

/** One unit of work, with a holder and a scope of its own. */
export interface UnitOfWorkHandle {
  /** What the app's code runs under. */
  readonly context: Context;
  /** The first failure says how it ends; the error of each further one is reported, too. */
  fail(failure: UnitFailure): void;
  /** Can be called again, to no effect. */
  end(): void;
}

export interface UnitFailure {
  /** Undefined: it failed, but of no error that we know. */
  readonly error: unknown;
  /** `error.type`, where the error doesn't say it. */
  readonly type?: string;
  /** Whether it will be tried again, where the library says it. */
  readonly willRetry?: boolean | undefined;
}

/** What waits somewhere, counted when somebody asks. */
export interface Backlog {
  readonly system: string;
  readonly destination: string;
  /** `waiting`, `active`, `delayed`, `failed`: how many. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Of the oldest that waits, in seconds; undefined: unknown, or none waits. */
  readonly oldestSeconds?: number | undefined;
}

/** How far a consumer group is behind on one partition. */
export interface ConsumerLag {
  readonly system: string;
  readonly destination: string;
  readonly group: string;
  readonly partition: number;
  /** Messages. */
  readonly messages: number;
}

export interface MessagingInstrumenter {
  /** Undefined where nothing is to be traced. */
  startSend(operation: MessageOperation): ProducerOperation | undefined;
  /** Undefined where something of ours failed. */
  startProcess(message: ReceivedMessage): UnitOfWorkHandle | undefined;
  /**
   * A job that a scheduler of the process starts.
   *
   * @returns what runs it; undefined where something of ours failed
   */
  startScheduledJob(job: JobInfo): (<R>(work: () => R) => R) | undefined;
  /** Counted at each collection of metrics, within two seconds, and never in between. */
  observeBacklog(count: () => Promise<readonly Backlog[]>): void;
  observeLag(read: () => readonly ConsumerLag[]): void;
}
