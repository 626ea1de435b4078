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
  holderIn,
  isSuppressed,
  ROOT,
  SPAN_KEY,
  spanIn,
} from "../context/context.ts";
import { Holder } from "../context/holder.ts";
import { ANONYMOUS, lowCardinality } from "../low-cardinality.ts";
import { attend } from "../context/attend.ts";
import { activeContext, activeHolder } from "../context/manager.ts";
import type {
  Backlog,
  Carried,
  Delivery,
  Exchange,
  Failure,
  Lag,
  Sending,
  Work,
  WorkEntrance,
} from "../context/work.ts";
import type { JobFacts } from "../context/job.ts";
import type { Errors } from "../errors/api.ts";
import { STATUS_ERROR, TelltaleSpan } from "../traces/span.ts";
import type { TelltaleTracer } from "../traces/tracer.ts";
import type { Propagator } from "../traces/propagation/propagator.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Traces } from "../traces/traces.ts";
import { version } from "../version.ts";
import { errorTypeOf } from "./client-call.ts";
import { exchangeAttributes } from "./exchange.ts";
import { WorkMetrics } from "./work-metrics.ts";

/** `SpanKind` of the API. */
const INTERNAL = 0;
const PRODUCER = 3;
const CONSUMER = 4;

export interface WorkServices {
  readonly tracer: TelltaleTracer;
  readonly propagator: Propagator;
  readonly metrics: WorkMetrics;
  readonly errors: Pick<Errors, "captureJobError">;
  readonly onBegin: () => void;
  readonly onFault: (error: unknown) => void;
}

/** What `EntryParts` has, as far as it is needed here. */
export interface WorkParts {
  readonly traces: Pick<Traces, "provider">;
  readonly metrics: Pick<Metrics, "meter">;
  readonly errors: Pick<Errors, "captureJobError">;
  readonly propagator: Propagator;
  readonly diagnostics: Diagnostics;
  readonly unsent?: Unsent;
}

export function createEntrance({
  traces,
  metrics,
  errors,
  propagator,
  diagnostics,
  unsent,
}: WorkParts): Entrance {
  return new Entrance({
    tracer: traces.provider.getTracer("telltale/work", version),
    propagator,
    metrics: new WorkMetrics(metrics.meter),
    errors,
    onBegin: () => unsent?.note(),
    onFault: (error) =>
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
export class Entrance implements WorkEntrance {
  readonly #services: WorkServices;
  readonly #open = new Set<Entry>();
  hasServed = false;

  constructor(services: WorkServices) {
    this.#services = services;
  }

  /** Ends what is under way: the process ends, and it with it. Never throws. */
  abandon(): void {
    for (const entry of this.#open) entry.end();
  }

  send(exchange: Exchange): Sending | undefined {
    const active = activeContext();
    if (isSuppressed(active)) return undefined;
    return this.#guard(() => new Departure(this.#services, withLabel(exchange), active));
  }

  begin(delivery: Delivery): Work | undefined {
    return this.#guard(() => {
      const { connection, job } = delivery;
      const message = new Message(withLabel(delivery));
      const origin = connection === undefined ? this.#originOf(delivery) : within(connection);
      return this.#enter(new Entry(this.#services, message, job, origin));
    });
  }

  /**
   * A job of the app's own making: no broker, no message, and so no span of a sender.
   *
   * @returns what runs it
   */
  startJob(job: JobFacts): (<R>(work: () => R) => R) | undefined {
    return this.#guard(() => {
      const scheduled = activeHolder();
      if (scheduled instanceof Entry && scheduled.becomes(job)) {
        const part = scheduled.part();
        return (work) => attend(part, work, BY_SCHEDULER);
      }
      const entry = this.#enter(new Entry(this.#services, new OwnJob(job), job, NOWHERE));
      return (work) => attend(entry, work);
    });
  }

  startScheduled(job: JobFacts): (<R>(work: () => R) => R) | undefined {
    return this.#guard(() => {
      const entry = this.#enter(new Entry(this.#services, new OwnJob(job), job, NOWHERE));
      return (work) => attend(entry, () => entry.call(work), BY_SCHEDULER);
    });
  }

  watchBacklog(count: () => Promise<readonly Backlog[]>): void {
    this.#guard(() => this.#services.metrics.watchBacklog(count));
  }

  watchLag(look: () => readonly Lag[]): void {
    this.#guard(() => this.#services.metrics.watchLag(look));
  }

  get underWay(): number {
    return this.#open.size;
  }

  #enter(entry: Entry): Entry {
    this.hasServed = true;
    this.#services.onBegin();
    this.#open.add(entry);
    entry.whenEnded(() => this.#open.delete(entry));
    return entry;
  }

  #originOf({ carried, count }: Delivery): Origin {
    const contexts = carried.map((one) => this.#extract(one));
    if (count !== undefined) return { parent: ROOT, links: linksTo(contexts), outer: undefined };
    return { parent: contexts[0] ?? ROOT, links: [], outer: undefined };
  }

  #extract(carried: Carried): ApiContext {
    return this.#services.propagator.extract(ROOT, carried, getter);
  }

  #guard<R>(work: () => R): R | undefined {
    try {
      return work();
    } catch (error) {
      this.#services.onFault(error);
      return undefined;
    }
  }
}

/** Where an entry comes from. */
interface Origin {
  readonly parent: ApiContext;
  readonly links: Link[];
  /** The work that it is a part of. */
  readonly outer: Holder | undefined;
}

const NOWHERE: Origin = { parent: ROOT, links: [], outer: undefined };

/** A connection may last for days: its messages are linked to its trace, and not a part of it. */
function within(connection: ApiContext): Origin {
  return {
    parent: connection.deleteValue(SPAN_KEY),
    links: linksTo([connection]),
    outer: holderIn(connection),
  };
}

/** Schedulers catch what is thrown at once. */
const BY_SCHEDULER = { caller: "catches" } as const;

const getter: TextMapGetter<unknown> = {
  get: (carried, name) => (carried as Carried)[name.toLowerCase()],
  keys: (carried) => Object.keys(carried as Carried),
};

const setter: TextMapSetter<unknown> = {
  set: (carried, name, value) => {
    (carried as Record<string, string>)[name.toLowerCase()] = value;
  },
};

function linksTo(contexts: readonly ApiContext[]): Link[] {
  return contexts.flatMap((context) => {
    const span = spanIn(context);
    return span === undefined ? [] : [{ context: span.spanContext() }];
  });
}

/** A message that is being sent. */
class Departure implements Sending {
  readonly context: ApiContext;
  readonly carried: Carried = {};
  readonly #services: WorkServices;
  readonly #exchange: Exchange;
  readonly #span: Span;
  readonly #startedAt: number = now();
  #ended = false;

  constructor(services: WorkServices, exchange: Exchange, active: ApiContext) {
    this.#services = services;
    this.#exchange = exchange;
    const { operation, destination } = exchange;
    const attributes = { ...messageAttributes(exchange), "messaging.operation.type": "send" };
    const options = { kind: PRODUCER, attributes };
    this.#span = services.tracer.startSpan(nameOf(operation, destination), options, active);
    this.context = active.setValue(SPAN_KEY, this.#span);
    services.propagator.inject(this.context, this.carried, setter);
  }

  note(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      const errorType = error === undefined ? undefined : errorTypeOf(error);
      const seconds = (now() - this.#startedAt) / 1000;
      this.#services.metrics.sent(this.#exchange, seconds, errorType, this.#span);
      if (errorType !== undefined) failSpan(this.#span, error, errorType);
    } catch (fault) {
      this.#services.onFault(fault);
    } finally {
      this.#span.end();
    }
  }
}

/** What an entry is about: a message of a broker, or a job of the app's own. */
interface Subject {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  count(metrics: WorkMetrics, seconds: number, errorType: string | undefined, span: Span): void;
}

class Message implements Subject {
  readonly kind = CONSUMER;
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  get name(): string {
    return nameOf(this.#delivery.operation, this.#delivery.destination);
  }

  get attributes(): Attributes {
    const { group, job } = this.#delivery;
    return {
      ...messageAttributes(this.#delivery),
      "messaging.operation.type": "process",
      ...(group !== undefined && { "messaging.consumer.group.name": group }),
      ...jobAttributes(job),
    };
  }

  count(metrics: WorkMetrics, ...of: [number, string | undefined, Span]): void {
    metrics.processed(this.#delivery, ...of);
  }
}

class OwnJob implements Subject {
  readonly kind = INTERNAL;
  readonly #job: JobFacts;

  constructor(job: JobFacts) {
    this.#job = job;
  }

  get name(): string {
    return lowCardinality(this.#job.name);
  }

  get attributes(): Attributes {
    return jobAttributes(this.#job);
  }

  count(metrics: WorkMetrics, ...of: [number, string | undefined, Span]): void {
    metrics.ran(this.name, ...of);
  }
}

/** One unit of work: its holder, its span, and how it ends. */
class Entry extends Holder implements Work {
  readonly context: Context;
  readonly #services: WorkServices;
  #subject: Subject;
  #job: JobFacts;
  readonly #startedAt: number = now();
  readonly #ownSpan: Span;
  /** While its scheduler calls its code. */
  #isBeingCalled = false;
  readonly #outer: Holder | undefined;
  readonly #startedIn: Holder | undefined = activeHolder();
  #failure: Failure | undefined = undefined;

  constructor(
    services: WorkServices,
    subject: Subject,
    job: JobFacts,
    { parent, links, outer }: Origin,
  ) {
    super();
    this.#services = services;
    this.#outer = outer;
    this.requestId = outer?.requestId;
    this.userId = outer?.userId;
    this.organizationId = outer?.organizationId;
    this.#subject = subject;
    this.#job = job;
    // What Sentry calls the transaction.
    this.route = subject.name;
    const options = { kind: subject.kind, attributes: subject.attributes, links };
    this.#ownSpan = services.tracer.startSpan(subject.name, options, parent);
    this.span = this.#ownSpan;
    if (this.span instanceof TelltaleSpan) this.localTrace = this.span.localTrace;
    this.context = (parent as Context).withSpan(this.span).withHolder(this);
  }

  override jobNow(): JobFacts {
    return this.#job;
  }

  override startedInNow(): Holder | undefined {
    return this.#startedIn;
  }

  override outerNow(): Holder | undefined {
    return this.#outer;
  }

  call<R>(work: () => R): R {
    this.#isBeingCalled = true;
    try {
      return work();
    } finally {
      this.#isBeingCalled = false;
    }
  }

  /**
   * Whether this is the job that its code says it is: what a scheduler calls is
   * mostly a function of `job()`, whose name is then the better one.
   */
  becomes(job: JobFacts): boolean {
    if (!this.#isBeingCalled) return false;
    this.#isBeingCalled = false;
    this.#job = { ...this.#job, ...job };
    this.#subject = new OwnJob(this.#job);
    this.route = this.#subject.name;
    this.#ownSpan.updateName(this.#subject.name).setAttributes(this.#subject.attributes);
    return true;
  }

  /** Work that fails with this one, and leaves its end to it. */
  part(): Work {
    return { context: this.context, fail: (failure) => this.fail(failure), end() {} };
  }

  /** The first failure says of what kind it is; each further error is an event, too. */
  fail(failure: Failure): void {
    if (this.ended) return;
    if (this.#failure !== undefined) {
      if (failure.error !== undefined) super.noteFailure(failure.error);
      return;
    }
    this.#failure = failure;
    this.error = failure.error;
  }

  override noteFailure(error: unknown): void {
    this.fail({ error });
  }

  override end(): void {
    if (this.ended) return;
    const seconds = (now() - this.#startedAt) / 1000;
    try {
      super.end();
      this.#tell(seconds);
    } catch (fault) {
      this.#services.onFault(fault);
    } finally {
      this.#ownSpan.end();
    }
  }

  #tell(seconds: number): void {
    const failure = this.#failure;
    const errorType = failure && (failure.type ?? errorTypeOf(failure.error));
    if (failure !== undefined && errorType !== undefined) {
      this.#report(failure);
      failSpan(this.#ownSpan, failure.error, errorType);
    }
    this.#subject.count(this.#services.metrics, seconds, errorType, this.#ownSpan);
  }

  #report({ error, willRetry }: Failure): void {
    for (const one of new Set([error, ...(this.failures ?? [])])) {
      if (one === undefined || one === null) continue;
      this.error = one;
      this.#services.errors.captureJobError(this, willRetry);
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
function withLabel<Of extends Exchange>(exchange: Of): Of {
  const destination = lowCardinality(exchange.destination);
  const isAnonymous = destination.includes(ANONYMOUS);
  if (destination === exchange.destination && !isAnonymous) return exchange;
  const generated = isAnonymous
    ? { "messaging.destination.anonymous": true }
    : { "messaging.destination.template": destination };
  const whole = { "messaging.destination.name": exchange.destination };
  return {
    ...exchange,
    destination,
    attributes: { ...whole, ...generated, ...exchange.attributes },
  };
}

/** `{operation} {destination}`; without a destination the operation only. */
function nameOf(operation: string, destination: string): string {
  return destination === "" ? operation : `${operation} ${destination}`;
}

function messageAttributes(exchange: Exchange): Attributes {
  const { messageId, count, attributes } = exchange;
  return {
    ...exchangeAttributes(exchange),
    ...(messageId !== undefined && { "messaging.message.id": messageId }),
    ...(count !== undefined && { "messaging.batch.message_count": count }),
    ...attributes,
  };
}

/** The conventions have no names for these. */
function jobAttributes({ name, attempt, maxAttempts, schedule }: JobFacts): Attributes {
  return {
    "telltale.job.name": name,
    ...(attempt !== undefined && { "telltale.job.attempt": attempt }),
    ...(maxAttempts !== undefined && { "telltale.job.max_attempts": maxAttempts }),
    ...(schedule !== undefined && { "telltale.job.schedule": schedule }),
  };
}
