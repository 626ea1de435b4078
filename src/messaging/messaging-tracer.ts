import type { Context as ApiContext, Link, TextMapGetter } from "@opentelemetry/api";
import {
  isTracingSuppressed,
  ROOT_CONTEXT,
  SPAN_KEY,
  spanIn,
  unitOfWorkIn,
} from "../context/context.ts";
import type { JobInfo } from "../context/job.ts";
import { activeContext, activeUnitOfWork } from "../context/manager.ts";
import type {
  Backlog,
  ConsumerLag,
  MessageOperation,
  MessagingInstrumenter,
  ProducerOperation,
  PropagationHeaders,
  MessageHandle,
  ReceivedMessage,
} from "../context/messaging.ts";
import { endProcessContext, processContext } from "../context/process/process-context.ts";
import { runUnitOfWork } from "../context/run-unit.ts";
import type { WorkObserver } from "../context/unit-views.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { Errors } from "../errors/api.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import type { Traces } from "../traces/traces.ts";
import { version } from "../version.ts";
import { ConsumerOperation, NO_PARENT, type OperationParent } from "./consumer-operation.ts";
import { MessagingMetrics } from "./messaging-metrics.ts";
import { propagatedIdsOf } from "./propagated-ids.ts";
import { JobDetails, MessageDetails, type OperationDetails } from "./operation-details.ts";
import type { OperationDeps } from "./operation-deps.ts";
import { SendOperation } from "./send-operation.ts";

/** The part of `HttpTracingDeps` that messages and jobs need. */
export interface MessagingInstrumenterDeps {
  readonly traces: Pick<Traces, "provider">;
  readonly metrics: Pick<Metrics, "meter">;
  readonly errors: Pick<Errors, "captureJobError" | "startCheckIn">;
  readonly propagator: CompositePropagator;
  readonly diagnostics: Diagnostics;
  readonly unsent?: UnsentTelemetry;
  /** Learns of each message and job; undefined unless the app is being developed. */
  readonly workObserver?: WorkObserver | undefined;
}

export function createMessagingInstrumenter({
  traces,
  metrics,
  errors,
  propagator,
  diagnostics,
  unsent,
  workObserver,
}: MessagingInstrumenterDeps): MessagingTracer {
  return new MessagingTracer({
    tracer: traces.provider.getTracer("telltale/work", version),
    propagator,
    metrics: new MessagingMetrics(metrics.meter),
    errors,
    onStart: () => unsent?.mark(),
    workObserver,
    onInternalError: (error) =>
      diagnostics.error("messaging", `a message or a job could not be recorded: ${String(error)}`),
  });
}

export interface MessagingTracerDeps extends OperationDeps {
  /** Called when a unit of work starts. */
  readonly onStart: () => void;
  readonly workObserver?: WorkObserver | undefined;
}

/**
 * Traces messages that are sent and received, and jobs, for all libraries.
 *
 * Spans follow https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/:
 * a single message is processed in a child of the span that sent it. A batch
 * starts a new trace, with links.
 */
export class MessagingTracer implements MessagingInstrumenter {
  readonly #deps: MessagingTracerDeps;
  readonly #inFlight = new Set<ConsumerOperation>();
  hasHandledMessages = false;

  constructor(deps: MessagingTracerDeps) {
    this.#deps = deps;
  }

  /** Ends all units of work in flight, at process exit. Never throws. */
  endAll(): void {
    for (const unit of this.#inFlight) unit.interrupt();
  }

  startSend(messageOperation: MessageOperation): ProducerOperation | undefined {
    const active = activeContext();
    if (isTracingSuppressed(active)) return undefined;
    return this.#guard(() => new SendOperation(this.#deps, messageOperation, active));
  }

  startProcess(message: ReceivedMessage): MessageHandle | undefined {
    return this.#guard(() => {
      const { connection, job } = message;
      const parent =
        connection === undefined ? this.#parentOf(message) : parentFromConnection(connection);
      const details = new MessageDetails(message);
      const unit = this.#start(details, job, parent);
      unit.startCheckIn();
      return unit;
    });
  }

  /**
   * Starts a job of the app: without a broker, a message and the span of a sender.
   *
   * @returns a function that runs the job's code
   */
  startJob(job: JobInfo): (<R>(work: () => R) => R) | undefined {
    return this.#guard(() => {
      const scheduled = activeUnitOfWork();
      if (scheduled instanceof ConsumerOperation && scheduled.adoptJob(job)) {
        const handle = scheduled.childHandle();
        return (work) => runUnitOfWork(handle, work, SCHEDULER_RUN_OPTIONS);
      }
      // A script that is one job continues the trace of what has started it.
      const unit = this.#registerJob(job, { ...NO_PARENT, parent: processContext() });
      return (work) => runUnitOfWork(unit, work);
    });
  }

  startScheduledJob(job: JobInfo): (<R>(work: () => R) => R) | undefined {
    return this.#guard(() => {
      endProcessContext();
      const unit = this.#registerJob(job, NO_PARENT);
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

  #registerJob(job: JobInfo, parent: OperationParent): ConsumerOperation {
    return this.#start(new JobDetails(job), job, parent);
  }

  #start(...of: [OperationDetails, JobInfo, OperationParent]): ConsumerOperation {
    const { workObserver } = this.#deps;
    workObserver?.arriving({ name: of[0].name });
    const unit = this.#register(new ConsumerOperation(this.#deps, ...of));
    workObserver?.started(unit);
    return unit;
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
    const shared = { enclosingUnit: undefined, ids: propagatedIdsOf(propagationHeaders) };
    if (count !== undefined) return { ...shared, parent: ROOT_CONTEXT, links: linksTo(contexts) };
    return { ...shared, parent: contexts[0] ?? ROOT_CONTEXT, links: [] };
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

/** Schedulers catch synchronous errors. */
const SCHEDULER_RUN_OPTIONS = { caller: "catches" } as const;

/** A connection may last for days, so its messages are linked to its trace instead of joining it. */
function parentFromConnection(connection: ApiContext): OperationParent {
  return {
    parent: connection.deleteValue(SPAN_KEY),
    links: linksTo([connection]),
    enclosingUnit: unitOfWorkIn(connection),
  };
}

function linksTo(contexts: readonly ApiContext[]): Link[] {
  return contexts.flatMap((context) => {
    const span = spanIn(context);
    return span === undefined ? [] : [{ context: span.spanContext() }];
  });
}

const headerGetter: TextMapGetter<unknown> = {
  get: (carrier, name) => (carrier as PropagationHeaders)[name.toLowerCase()],
  keys: (carrier) => Object.keys(carrier as PropagationHeaders),
};
