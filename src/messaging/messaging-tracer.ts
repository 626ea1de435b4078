import type {
  Attributes,
  Context as ApiContext,
  Link,
  Span,
  TextMapGetter,
  TextMapSetter,
} from "@opentelemetry/api";
import { now } from "../clock.ts";
import {
  type Context,
  unitOfWorkIn,
  isTracingSuppressed,
  ROOT_CONTEXT,
  SPAN_KEY,
  spanIn,
} from "../context/context.ts";
import { UnitOfWork } from "../context/unit-of-work.ts";
import { ANONYMOUS, lowCardinality } from "../low-cardinality.ts";
import { runUnitOfWork } from "../context/run-unit.ts";
import { activeContext, activeUnitOfWork } from "../context/manager.ts";
import type {
  Backlog,
  PropagationHeaders,
  ReceivedMessage,
  MessageOperation,
  UnitFailure,
  ConsumerLag,
  ProducerOperation,
  UnitOfWorkHandle,
  MessagingInstrumenter,
} from "../context/messaging.ts";
import type { JobInfo } from "../context/job.ts";
import type { Errors } from "../errors/api.ts";
import { STATUS_ERROR, TelltaleSpan } from "../traces/span.ts";
import type { TelltaleTracer } from "../traces/tracer.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Traces } from "../traces/traces.ts";
import { version } from "../version.ts";
import { errorTypeOf } from "../context/error-type.ts";
import { messageOperationAttributes } from "./message-attributes.ts";
import { MessagingMetrics } from "./messaging-metrics.ts";

/** `SpanKind` of the API. */
const INTERNAL = 0;
const PRODUCER = 3;
const CONSUMER = 4;

export interface MessagingTracerDeps {
  readonly tracer: TelltaleTracer;
  readonly propagator: CompositePropagator;
  readonly metrics: MessagingMetrics;
  readonly errors: Pick<Errors, "captureJobError">;
  readonly onStart: () => void;
  readonly onInternalError: (error: unknown) => void;
}

/** What `HttpTracingDeps` has, as far as it is needed here. */
export interface MessagingInstrumenterDeps {
  readonly traces: Pick<Traces, "provider">;
  readonly metrics: Pick<Metrics, "meter">;
  readonly errors: Pick<Errors, "captureJobError">;
  readonly propagator: CompositePropagator;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
}

export function createMessagingInstrumenter({
  traces,
  metrics,
  errors,
  propagator,
  diagnostics,
  unsent,
}: MessagingInstrumenterDeps): MessagingTracer {
  return new MessagingTracer({
    tracer: traces.provider.getTracer("telltale/work", version),
    propagator,
    metrics: new MessagingMetrics(metrics.meter),
    errors,
    onStart: () => unsent?.mark(),
    onInternalError: (error) =>
      diagnostics.error("work", `a message or a job could not be recorded: ${String(error)}`),
  });
}

/**
 * Where messages and jobs come in and go out, whatever library brings them.
 *
 * Spans follow https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/:
 * one message is processed as a child of the span that sent it; a batch begins a
 * trace of its own, with links.
 */
export class MessagingTracer implements MessagingInstrumenter {
  readonly #deps: MessagingTracerDeps;
  readonly #inFlight = new Set<ConsumerOperation>();
  hasHandledMessages = false;

  constructor(deps: MessagingTracerDeps) {
    this.#deps = deps;
  }

  /** Ends what is under way: the process ends, and it with it. Never throws. */
  endAll(): void {
    for (const unit of this.#inFlight) unit.end();
  }

  startSend(messageOperation: MessageOperation): ProducerOperation | undefined {
    const active = activeContext();
    if (isTracingSuppressed(active)) return undefined;
    return this.#guard(
      () => new SendOperation(this.#deps, withLabelName(messageOperation), active),
    );
  }

  startProcess(message: ReceivedMessage): UnitOfWorkHandle | undefined {
    return this.#guard(() => {
      const { connection, job } = message;
      const details = new MessageDetails(withLabelName(message));
      const parent =
        connection === undefined ? this.#parentOf(message) : parentFromConnection(connection);
      return this.#register(new ConsumerOperation(this.#deps, details, job, parent));
    });
  }

  /**
   * A job of the app's own making: no broker, no message, and so no span of a sender.
   *
   * @returns what runs it
   */
  startJob(job: JobInfo): (<R>(work: () => R) => R) | undefined {
    return this.#guard(() => {
      const scheduled = activeUnitOfWork();
      if (scheduled instanceof ConsumerOperation && scheduled.adoptJob(job)) {
        const handle = scheduled.childHandle();
        return (work) => runUnitOfWork(handle, work, SCHEDULER_RUN_OPTIONS);
      }
      const unit = this.#register(
        new ConsumerOperation(this.#deps, new JobDetails(job), job, NO_PARENT),
      );
      return (work) => runUnitOfWork(unit, work);
    });
  }

  startScheduledJob(job: JobInfo): (<R>(work: () => R) => R) | undefined {
    return this.#guard(() => {
      const unit = this.#register(
        new ConsumerOperation(this.#deps, new JobDetails(job), job, NO_PARENT),
      );
      return (work) =>
        runUnitOfWork(unit, () => unit.callFromScheduler(work), SCHEDULER_RUN_OPTIONS);
    });
  }

  observeBacklog(count: () => Promise<readonly Backlog[]>): void {
    this.#guard(() => this.#deps.metrics.observeBacklog(count));
  }

  observeLag(read: () => readonly ConsumerLag[]): void {
    this.#guard(() => this.#deps.metrics.observeLag(read));
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  #register(unit: ConsumerOperation): ConsumerOperation {
    this.hasHandledMessages = true;
    this.#deps.onStart();
    this.#inFlight.add(unit);
    unit.onEnded(() => this.#inFlight.delete(unit));
    return unit;
  }

  #parentOf({ propagationHeaders, count }: ReceivedMessage): OperationParent {
    const contexts = propagationHeaders.map((one) => this.#extract(one));
    if (count !== undefined)
      return { parent: ROOT_CONTEXT, links: linksTo(contexts), enclosingUnit: undefined };
    return { parent: contexts[0] ?? ROOT_CONTEXT, links: [], enclosingUnit: undefined };
  }

  #extract(propagationHeaders: PropagationHeaders): ApiContext {
    return this.#deps.propagator.extract(ROOT_CONTEXT, propagationHeaders, headerGetter);
  }

  #guard<R>(work: () => R): R | undefined {
    try {
      return work();
    } catch (error) {
      this.#deps.onInternalError(error);
      return undefined;
    }
  }
}

/** Where an entry comes from. */
interface OperationParent {
  readonly parent: ApiContext;
  readonly links: Link[];
  /** The work that it is a part of. */
  readonly enclosingUnit: UnitOfWork | undefined;
}

const NO_PARENT: OperationParent = { parent: ROOT_CONTEXT, links: [], enclosingUnit: undefined };

/** A connection may last for days: its messages are linked to its trace, and not a part of it. */
function parentFromConnection(connection: ApiContext): OperationParent {
  return {
    parent: connection.deleteValue(SPAN_KEY),
    links: linksTo([connection]),
    enclosingUnit: unitOfWorkIn(connection),
  };
}

/** Schedulers catch what is thrown at once. */
const SCHEDULER_RUN_OPTIONS = { caller: "catches" } as const;

const headerGetter: TextMapGetter<unknown> = {
  get: (carrier, name) => (carrier as PropagationHeaders)[name.toLowerCase()],
  keys: (carrier) => Object.keys(carrier as PropagationHeaders),
};

const headerSetter: TextMapSetter<unknown> = {
  set: (carrier, name, value) => {
    (carrier as Record<string, string>)[name.toLowerCase()] = value;
  },
};

function linksTo(contexts: readonly ApiContext[]): Link[] {
  return contexts.flatMap((context) => {
    const span = spanIn(context);
    return span === undefined ? [] : [{ context: span.spanContext() }];
  });
}

/** A message that is being sent. */
class SendOperation implements ProducerOperation {
  readonly context: ApiContext;
  readonly propagationHeaders: PropagationHeaders = {};
  readonly #deps: MessagingTracerDeps;
  readonly #operation: MessageOperation;
  readonly #span: Span;
  readonly #startedAt: number = now();
  #isEnded = false;

  constructor(deps: MessagingTracerDeps, messageOperation: MessageOperation, active: ApiContext) {
    this.#deps = deps;
    this.#operation = messageOperation;
    const { operation, destination } = messageOperation;
    const attributes = {
      ...messageAttributes(messageOperation),
      "messaging.operation.type": "send",
    };
    const options = { kind: PRODUCER, attributes };
    this.#span = deps.tracer.startSpan(messageSpanName(operation, destination), options, active);
    this.context = active.setValue(SPAN_KEY, this.#span);
    deps.propagator.inject(this.context, this.propagationHeaders, headerSetter);
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  end(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      const errorType = error === undefined ? undefined : errorTypeOf(error);
      const seconds = (now() - this.#startedAt) / 1000;
      this.#deps.metrics.recordSend(this.#operation, seconds, errorType, this.#span);
      if (errorType !== undefined) failSpan(this.#span, error, errorType);
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    } finally {
      this.#span.end();
    }
  }
}

/** What an entry is about: a message of a broker, or a job of the app's own. */
interface OperationDetails {
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

class MessageDetails implements OperationDetails {
  readonly kind = CONSUMER;
  readonly #message: ReceivedMessage;

  constructor(message: ReceivedMessage) {
    this.#message = message;
  }

  get name(): string {
    return messageSpanName(this.#message.operation, this.#message.destination);
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

class JobDetails implements OperationDetails {
  readonly kind = INTERNAL;
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

/** One unit of work: its holder, its span, and how it ends. */
class ConsumerOperation extends UnitOfWork implements UnitOfWorkHandle {
  readonly context: Context;
  readonly #deps: MessagingTracerDeps;
  #details: OperationDetails;
  #job: JobInfo;
  readonly #startedAt: number = now();
  readonly #ownSpan: Span;
  /** While its scheduler calls its code. */
  #isSchedulerCalling = false;
  readonly #enclosingUnit: UnitOfWork | undefined;
  readonly #startedByUnit: UnitOfWork | undefined = activeUnitOfWork();
  #failure: UnitFailure | undefined = undefined;

  constructor(
    deps: MessagingTracerDeps,
    subject: OperationDetails,
    job: JobInfo,
    { parent, links, enclosingUnit }: OperationParent,
  ) {
    super();
    this.#deps = deps;
    this.#enclosingUnit = enclosingUnit;
    this.requestId = enclosingUnit?.requestId;
    this.userId = enclosingUnit?.userId;
    this.organizationId = enclosingUnit?.organizationId;
    this.#details = subject;
    this.#job = job;
    // What Sentry calls the transaction.
    this.route = subject.name;
    const options = { kind: subject.kind, attributes: subject.attributes, links };
    this.#ownSpan = deps.tracer.startSpan(subject.name, options, parent);
    this.span = this.#ownSpan;
    if (this.span instanceof TelltaleSpan) this.localTrace = this.span.localTrace;
    this.context = (parent as Context).withSpan(this.span).withUnitOfWork(this);
  }

  override jobInfo(): JobInfo {
    return this.#job;
  }

  override startedByUnit(): UnitOfWork | undefined {
    return this.#startedByUnit;
  }

  override enclosingUnit(): UnitOfWork | undefined {
    return this.#enclosingUnit;
  }

  callFromScheduler<R>(work: () => R): R {
    this.#isSchedulerCalling = true;
    try {
      return work();
    } finally {
      this.#isSchedulerCalling = false;
    }
  }

  /**
   * Whether this is the job that its code says it is: what a scheduler calls is
   * mostly a function of `job()`, whose name is then the better one.
   */
  adoptJob(job: JobInfo): boolean {
    if (!this.#isSchedulerCalling) return false;
    this.#isSchedulerCalling = false;
    this.#job = { ...this.#job, ...job };
    this.#details = new JobDetails(this.#job);
    this.route = this.#details.name;
    this.#ownSpan.updateName(this.#details.name).setAttributes(this.#details.attributes);
    return true;
  }

  /** Work that fails with this one, and leaves its end to it. */
  childHandle(): UnitOfWorkHandle {
    return { context: this.context, fail: (failure) => this.fail(failure), end() {} };
  }

  /** The first failure says of what kind it is; each further error is an event, too. */
  fail(failure: UnitFailure): void {
    if (this.ended) return;
    if (this.#failure !== undefined) {
      if (failure.error !== undefined) super.recordFailure(failure.error);
      return;
    }
    this.#failure = failure;
    this.error = failure.error;
  }

  override recordFailure(error: unknown): void {
    this.fail({ error });
  }

  override end(): void {
    if (this.ended) return;
    const seconds = (now() - this.#startedAt) / 1000;
    try {
      super.end();
      this.#recordOutcome(seconds);
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    } finally {
      this.#ownSpan.end();
    }
  }

  #recordOutcome(seconds: number): void {
    const failure = this.#failure;
    const errorType = failure && (failure.type ?? errorTypeOf(failure.error));
    if (failure !== undefined && errorType !== undefined) {
      this.#captureErrors(failure);
      failSpan(this.#ownSpan, failure.error, errorType);
    }
    this.#details.recordMetrics(this.#deps.metrics, seconds, errorType, this.#ownSpan);
  }

  #captureErrors({ error, willRetry }: UnitFailure): void {
    for (const reported of new Set([error, ...(this.failures ?? [])])) {
      if (reported === undefined || reported === null) continue;
      this.error = reported;
      this.#deps.errors.captureJobError(this, willRetry);
    }
  }
}

function failSpan(span: Span, error: unknown, errorType: string): void {
  if (!span.isRecording()) return;
  // Of an error that nobody caught more was said already.
  if (span instanceof TelltaleSpan && span.failed) return;
  span.setAttribute("error.type", errorType);
  span.setStatus({ code: STATUS_ERROR });
  if (error instanceof Error) span.recordException(error);
}

/**
 * Names that a broker or a program has generated are labels and parts of names
 * with a placeholder; the span has the whole name too.
 */
function withLabelName<Of extends MessageOperation>(messageOperation: Of): Of {
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

/** `{operation} {destination}`; without a destination the operation only. */
function messageSpanName(operation: string, destination: string): string {
  return destination === "" ? operation : `${operation} ${destination}`;
}

function messageAttributes(messageOperation: MessageOperation): Attributes {
  const { messageId, count, attributes } = messageOperation;
  return {
    ...messageOperationAttributes(messageOperation),
    ...(messageId !== undefined && { "messaging.message.id": messageId }),
    ...(count !== undefined && { "messaging.batch.message_count": count }),
    ...attributes,
  };
}

/** The conventions have no names for these. */
function jobAttributes({ name, attempt, maxAttempts, schedule }: JobInfo): Attributes {
  return {
    "telltale.job.name": name,
    ...(attempt !== undefined && { "telltale.job.attempt": attempt }),
    ...(maxAttempts !== undefined && { "telltale.job.max_attempts": maxAttempts }),
    ...(schedule !== undefined && { "telltale.job.schedule": schedule }),
  };
}
