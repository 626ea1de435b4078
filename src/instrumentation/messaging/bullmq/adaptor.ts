import { runUnitOfWork } from "../../../context/run-unit.ts";
import { type Context, isTracingSuppressed, ROOT_CONTEXT } from "../../../context/context.ts";
import { activeContext, runWithContext, runSuppressed } from "../../../context/manager.ts";
import type {
  MessagingInstrumenter,
  ProducerOperation,
  PropagationHeaders,
  ReceivedMessage,
  UnitFailure,
} from "../../../context/messaging.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import { BullmqBacklog, type CountableQueue } from "./backlog.ts";
import { bullmqBrokerOf } from "./broker.ts";
import { type RepeatOptions, bullmqRecurrence } from "./recurrence.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { tryRead } from "../../../try-read.ts";
import { propagationHeadersOf } from "../propagation-headers.ts";
import { runAsyncSend } from "../run-send.ts";

/**
 * BullMQ 5 and 6, over Redis and, from 6.7 on, PostgreSQL.
 *
 * Trace context is stored where BullMQ's `telemetry` option stores it (the option
 * `tm` of the stored job, as JSON), so that both can read each other's. It is
 * added when a job is stored and removed when it is read, so the app never sees
 * it. Queues and workers with that option keep it; their jobs are units of work
 * all the same.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, deps) {
    const instrumenter = deps.messaging();
    const classes = exports as Classes;
    if (classes.Queue !== undefined) patchQueue(classes.Queue.prototype, instrumenter);
    if (classes.FlowProducer !== undefined)
      patchFlows(classes.FlowProducer.prototype, instrumenter);
    if (classes.Job !== undefined) patchJob(classes.Job);
    if (classes.Worker !== undefined) patchWorker(classes.Worker.prototype, instrumenter);
    return exports;
  },
};

const SYSTEM = "bullmq";
/** Context key of the operation whose headers are stored with the jobs. */
const PRODUCER_OPERATION = Symbol("telltale.bullmq.sending");

interface Classes {
  readonly Queue?: { readonly prototype: object };
  readonly FlowProducer?: { readonly prototype: object };
  readonly Worker?: { readonly prototype: object };
  readonly Job?: JobClass;
}

interface JobClass {
  readonly prototype: object;
  /** Only up to 5: later versions shorten the names of options in the back end. */
  readonly optsAsJSON?: unknown;
}

interface QueueLike extends CountableQueue {
  readonly opts?: {
    readonly telemetry?: unknown;
    readonly connection?: unknown;
    readonly settings?: { readonly repeatStrategy?: unknown };
  };
}

interface Options {
  readonly attempts?: number;
  readonly telemetry?: { readonly metadata?: string; readonly omitContext?: boolean };
  readonly tm?: string;
  /** Of a job of a job scheduler. */
  readonly repeat?: RepeatOptions;
}

interface JobLike {
  readonly id?: string;
  readonly name: string;
  readonly attemptsMade: number;
  /** When the job was created, in milliseconds since 1970. */
  readonly timestamp?: number;
  opts: Options;
}

interface NamedJob {
  readonly name?: string;
}

interface FlowNode {
  readonly name?: string;
  readonly queueName?: string;
}

/** The backlog of all queues of the process, observed from the first queue on. */
class ObservedBacklog {
  #backlog: BullmqBacklog | undefined = undefined;

  add(queue: QueueLike, instrumenter: MessagingInstrumenter): void {
    if (this.#backlog === undefined) {
      const created = (this.#backlog = new BullmqBacklog(SYSTEM));
      instrumenter.observeBacklog(() => created.count());
    }
    this.#backlog.add(queue);
  }
}

/** One for the classes of all files: each queue and worker is counted once. */
const backlog = new ObservedBacklog();

function patchQueue(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<QueueLike, [string, ...unknown[]]>(prototype, "add", (original) => {
    return function add(...args) {
      return withProducerSpan(this, { "telltale.job.name": args[0] }, undefined, instrumenter, () =>
        Reflect.apply(original, this, args),
      );
    };
  });
  replaceMethod<QueueLike, [readonly NamedJob[], ...unknown[]]>(
    prototype,
    "addBulk",
    (original) => {
      return function addBulk(...args) {
        const count = Array.isArray(args[0]) ? args[0].length : undefined;
        return withProducerSpan(this, {}, count, instrumenter, () =>
          Reflect.apply(original, this, args),
        );
      };
    },
  );
  // The constructor of every queue calls it.
  replaceMethod<QueueLike, unknown[]>(prototype, "waitUntilReady", (original) => {
    return function waitUntilReady(...args) {
      backlog.add(this, instrumenter);
      return Reflect.apply(original, this, args);
    };
  });
}

function patchFlows(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<QueueLike, [FlowNode, ...unknown[]]>(prototype, "add", (original) => {
    return function add(...args) {
      const { name = "", queueName = "" } = args[0] ?? {};
      const queue = { name: queueName, opts: this.opts ?? {} };
      return withProducerSpan(queue, { "telltale.job.name": name }, undefined, instrumenter, () =>
        Reflect.apply(original, this, args),
      );
    };
  });
  replaceMethod<QueueLike, [readonly FlowNode[], ...unknown[]]>(
    prototype,
    "addBulk",
    (original) => {
      return function addBulk(...args) {
        const queue = { name: "", opts: this.opts ?? {} };
        const count = Array.isArray(args[0]) ? args[0].length : undefined;
        return withProducerSpan(queue, {}, count, instrumenter, () =>
          Reflect.apply(original, this, args),
        );
      };
    },
  );
}

/** Runs `store` with a span, which all jobs that it stores propagate. */
function withProducerSpan(
  { name, opts }: Pick<QueueLike, "name" | "opts">,
  attributes: Record<string, string>,
  count: number | undefined,
  instrumenter: MessagingInstrumenter,
  store: () => unknown,
): unknown {
  const isTraced = opts?.telemetry === undefined && activeProducerOperation() === undefined;
  const producerOperation = isTraced
    ? instrumenter.startSend({
        system: SYSTEM,
        destination: name,
        operation: "add",
        broker: bullmqBrokerOf(opts?.connection),
        attributes,
        ...(count !== undefined && { count }),
      })
    : undefined;
  if (producerOperation === undefined) return store();
  return runStore(producerOperation, store);
}

function runStore(producerOperation: ProducerOperation, store: () => unknown): Promise<unknown> {
  const context = producerOperation.context.setValue(PRODUCER_OPERATION, producerOperation);
  return runAsyncSend(producerOperation, async () => {
    const result = await runWithContext(context, store);
    const { id } = (result ?? {}) as Partial<JobLike>;
    if (typeof id === "string") producerOperation.setAttributes({ "messaging.message.id": id });
    return result;
  });
}

function activeProducerOperation(): ProducerOperation | undefined {
  return activeContext().getValue(PRODUCER_OPERATION) as ProducerOperation | undefined;
}

/** Propagation headers of the jobs that were read, by job. */
const headersByJob = new WeakMap<object, PropagationHeaders>();

function patchJob(Job: JobClass): void {
  const hasShortOptionNames = typeof Job.optsAsJSON === "function";
  replaceMethod<JobLike, []>(Job.prototype, "asJSON", (original) => {
    return function asJSON() {
      const json = Reflect.apply(original, this, []) as { opts: Options };
      const producerOperation = activeProducerOperation();
      if (producerOperation === undefined || this.opts.telemetry !== undefined) return json;
      const metadata = JSON.stringify(producerOperation.propagationHeaders);
      // A copy: in 6 these are the options of the job itself, which the app can read.
      json.opts = hasShortOptionNames
        ? { ...json.opts, tm: metadata }
        : { ...json.opts, telemetry: { metadata } };
      return json;
    };
  });
  replaceMethod<unknown, [QueueLike, ...unknown[]]>(Job, "fromJSON", (original) => {
    return function fromJSON(...args) {
      const job = Reflect.apply(original, this, args) as JobLike;
      extractHeaders(job, args[0]?.opts?.telemetry !== undefined);
      return job;
    };
  });
}

function extractHeaders(job: JobLike, hasOwnTelemetry: boolean): void {
  const { telemetry, tm } = job.opts;
  const propagationHeaders = parseMetadata(telemetry?.metadata ?? tm);
  if (propagationHeaders === undefined) return;
  headersByJob.set(job, propagationHeaders);
  if (hasOwnTelemetry) return;
  const { telemetry: _telemetry, tm: _tm, ...options } = job.opts;
  const { metadata: _metadata, ...others } = telemetry ?? {};
  job.opts = Object.keys(others).length === 0 ? options : { ...options, telemetry: others };
}

function parseMetadata(metadata: unknown): PropagationHeaders | undefined {
  if (typeof metadata !== "string") return undefined;
  try {
    const fields: unknown = JSON.parse(metadata);
    if (typeof fields !== "object" || fields === null) return undefined;
    return propagationHeadersOf(Object.entries(fields));
  } catch {
    return undefined;
  }
}

/** Contexts of the jobs that ran, for the listeners of their outcome. */
const contextByJob = new WeakMap<object, Context>();

function patchWorker(prototype: object, instrumenter: MessagingInstrumenter): void {
  replaceMethod<QueueLike, [JobLike, ...unknown[]]>(prototype, "callProcessJob", (original) => {
    return function callProcessJob(...args) {
      const [job] = args;
      const work = instrumenter.startProcess(receivedMessageOf(this, job));
      const call = (): unknown => Reflect.apply(original, this, args);
      if (work === undefined) return call();
      contextByJob.set(job, work.context);
      const failureOf = (error: unknown): UnitFailure | undefined => {
        if (isPostponed(error)) work.postpone();
        return jobFailure(job, error);
      };
      return runUnitOfWork(work, call, { failureOf, caller: "awaits" });
    };
  });
  // A worker polls for jobs all the time: spans of that would be most of its traces.
  replaceMethod<QueueLike, unknown[]>(prototype, "run", (original) => {
    return function run(...args) {
      backlog.add(this, instrumenter);
      return runSuppressed(() => Reflect.apply(original, this, args));
    };
  });
  replaceMethod<QueueLike, [unknown, ...unknown[]]>(prototype, "emit", (original) => {
    return function emit(...args) {
      const job = args[1];
      const known = typeof job === "object" && job !== null ? contextByJob.get(job) : undefined;
      const context = known ?? (isTracingSuppressed(activeContext()) ? ROOT_CONTEXT : undefined);
      if (context === undefined) return Reflect.apply(original, this, args);
      return runWithContext(context, () => Reflect.apply(original, this, args));
    };
  });
}

function receivedMessageOf(
  { name: queue, opts: workerOptions }: QueueLike,
  job: JobLike,
): ReceivedMessage {
  const { id, name, attemptsMade, opts } = job;
  const propagationHeaders = headersByJob.get(job);
  const { repeat } = opts;
  return {
    system: SYSTEM,
    destination: queue,
    operation: "process",
    broker: bullmqBrokerOf(workerOptions?.connection),
    propagationHeaders: propagationHeaders === undefined ? [] : [propagationHeaders],
    messageId: id,
    job: {
      name,
      id,
      queue,
      attempt: attemptsMade + 1,
      maxAttempts: Math.max(1, opts.attempts ?? 1),
      ...(repeat !== undefined && {
        schedule: repeat.pattern,
        recurrence: bullmqRecurrence(repeat, `${id} ${job.timestamp}`, workerOptions?.settings),
      }),
    },
  };
}

/** Errors by which a processor postpones its job. */
const CONTROL_FLOW_ERRORS = new Set(["DelayedError", "WaitingError", "WaitingChildrenError"]);
const RATE_LIMITED = "bullmq:rateLimitExceeded";

function isPostponed(error: unknown): boolean {
  const name = nameOf(error);
  const message = tryRead(() => (error as Error).message);
  return (name !== undefined && CONTROL_FLOW_ERRORS.has(name)) || message === RATE_LIMITED;
}

function nameOf(error: unknown): string | undefined {
  return tryRead(() => (error as Error).name);
}

function jobFailure({ attemptsMade, opts }: JobLike, error: unknown): UnitFailure | undefined {
  if (isPostponed(error)) return undefined;
  const name = nameOf(error);
  const isLast = attemptsMade + 1 >= (opts.attempts ?? 1);
  return { error, willRetry: !isLast && name !== "UnrecoverableError" };
}
