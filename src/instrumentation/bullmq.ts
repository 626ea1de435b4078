import { attend } from "../context/attend.ts";
import { type Context, isSuppressed, ROOT } from "../context/context.ts";
import { activeContext, runIn, runSuppressed } from "../context/manager.ts";
import type { Carried, Delivery, Failure, Sending, WorkEntrance } from "../context/work.ts";
import type { Adaptor } from "./adaptor.ts";
import { BullBacklog, type Countable } from "./bullmq-backlog.ts";
import { brokerOf } from "./bullmq-broker.ts";
import { replaceMethod } from "./method.ts";

/**
 * BullMQ 5 and 6, over Redis and, from 6.7 on, PostgreSQL.
 *
 * Trace context travels where BullMQ's own `telemetry` option would put it (the
 * option `tm` of the stored job, as JSON), so that both understand each other. It
 * is put in when a job is stored and taken out when it is read: neither side of
 * the app sees it. A queue or worker with that option is left to it; its jobs are
 * units of work all the same.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, services) {
    const entrance = services.work();
    const classes = exports as Classes;
    if (classes.Queue !== undefined) patchQueue(classes.Queue.prototype, entrance);
    if (classes.FlowProducer !== undefined) patchFlows(classes.FlowProducer.prototype, entrance);
    if (classes.Job !== undefined) patchJob(classes.Job);
    if (classes.Worker !== undefined) patchWorker(classes.Worker.prototype, entrance);
    return exports;
  },
};

const SYSTEM = "bullmq";
/** Where the context tells the code that stores jobs what they are to carry. */
const SENDING = Symbol("telltale.bullmq.sending");

interface Classes {
  readonly Queue?: { readonly prototype: object };
  readonly FlowProducer?: { readonly prototype: object };
  readonly Worker?: { readonly prototype: object };
  readonly Job?: JobClass;
}

interface JobClass {
  readonly prototype: object;
  /** Only up to 5: later the back end shortens the names of options. */
  readonly optsAsJSON?: unknown;
}

interface QueueLike extends Countable {
  readonly opts?: { readonly telemetry?: unknown; readonly connection?: unknown };
}

interface Options {
  readonly attempts?: number;
  readonly telemetry?: { readonly metadata?: string; readonly omitContext?: boolean };
  readonly tm?: string;
}

interface JobLike {
  readonly id?: string;
  readonly name: string;
  readonly attemptsMade: number;
  opts: Options;
}

interface Described {
  readonly name?: string;
}

interface FlowNode {
  readonly name?: string;
  readonly queueName?: string;
}

let backlog: BullBacklog | undefined;

function watch(queue: QueueLike, entrance: WorkEntrance): void {
  if (backlog === undefined) {
    const made = (backlog = new BullBacklog(SYSTEM));
    entrance.watchBacklog(() => made.count());
  }
  backlog.add(queue);
}

function patchQueue(prototype: object, entrance: WorkEntrance): void {
  replaceMethod<QueueLike, [string, ...unknown[]]>(prototype, "add", (original) => {
    return function add(...args) {
      return sendWith(this, { "telltale.job.name": args[0] }, undefined, entrance, () =>
        Reflect.apply(original, this, args),
      );
    };
  });
  replaceMethod<QueueLike, [readonly Described[], ...unknown[]]>(
    prototype,
    "addBulk",
    (original) => {
      return function addBulk(...args) {
        const count = Array.isArray(args[0]) ? args[0].length : undefined;
        return sendWith(this, {}, count, entrance, () => Reflect.apply(original, this, args));
      };
    },
  );
  // Every queue calls it when it is made.
  replaceMethod<QueueLike, unknown[]>(prototype, "waitUntilReady", (original) => {
    return function waitUntilReady(...args) {
      watch(this, entrance);
      return Reflect.apply(original, this, args);
    };
  });
}

function patchFlows(prototype: object, entrance: WorkEntrance): void {
  replaceMethod<QueueLike, [FlowNode, ...unknown[]]>(prototype, "add", (original) => {
    return function add(...args) {
      const { name = "", queueName = "" } = args[0] ?? {};
      const queue = { name: queueName, opts: this.opts ?? {} };
      return sendWith(queue, { "telltale.job.name": name }, undefined, entrance, () =>
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
        return sendWith(queue, {}, count, entrance, () => Reflect.apply(original, this, args));
      };
    },
  );
}

/** All jobs that are stored while `store` runs carry the span. */
function sendWith(
  { name, opts }: Pick<QueueLike, "name" | "opts">,
  attributes: Record<string, string>,
  count: number | undefined,
  entrance: WorkEntrance,
  store: () => unknown,
): unknown {
  const isOwn = opts?.telemetry === undefined && sendingNow() === undefined;
  const sending = isOwn
    ? entrance.send({
        system: SYSTEM,
        destination: name,
        operation: "add",
        broker: brokerOf(opts?.connection),
        attributes,
        ...(count !== undefined && { count }),
      })
    : undefined;
  if (sending === undefined) return store();
  return stored(sending, store);
}

/** The methods are asynchronous: nothing is thrown at once. */
async function stored(sending: Sending, store: () => unknown): Promise<unknown> {
  try {
    const result = await runIn(sending.context.setValue(SENDING, sending), store);
    const { id } = (result ?? {}) as Partial<JobLike>;
    if (typeof id === "string") sending.note({ "messaging.message.id": id });
    sending.end();
    return result;
  } catch (error) {
    sending.end(error);
    throw error;
  }
}

function sendingNow(): Sending | undefined {
  return activeContext().getValue(SENDING) as Sending | undefined;
}

/** What jobs carried that were read, by job. */
const carriedBy = new WeakMap<object, Carried>();

function patchJob(Job: JobClass): void {
  const isShortened = typeof Job.optsAsJSON === "function";
  replaceMethod<JobLike, []>(Job.prototype, "asJSON", (original) => {
    return function asJSON() {
      const json = Reflect.apply(original, this, []) as { opts: Options };
      const sending = sendingNow();
      if (sending === undefined || this.opts.telemetry !== undefined) return json;
      const metadata = JSON.stringify(sending.carried);
      // A copy: in 6 they are the job's own, which the app gets to see.
      json.opts = isShortened
        ? { ...json.opts, tm: metadata }
        : { ...json.opts, telemetry: { metadata } };
      return json;
    };
  });
  replaceMethod<unknown, [QueueLike, ...unknown[]]>(Job, "fromJSON", (original) => {
    return function fromJSON(...args) {
      const job = Reflect.apply(original, this, args) as JobLike;
      takeCarried(job, args[0]?.opts?.telemetry !== undefined);
      return job;
    };
  });
}

function takeCarried(job: JobLike, isApps: boolean): void {
  const { telemetry, tm } = job.opts;
  const carried = parsed(telemetry?.metadata ?? tm);
  if (carried === undefined) return;
  carriedBy.set(job, carried);
  if (isApps) return;
  const { telemetry: _telemetry, tm: _tm, ...options } = job.opts;
  const { metadata: _metadata, ...others } = telemetry ?? {};
  job.opts = Object.keys(others).length === 0 ? options : { ...options, telemetry: others };
}

function parsed(metadata: unknown): Carried | undefined {
  if (typeof metadata !== "string") return undefined;
  try {
    const fields: unknown = JSON.parse(metadata);
    if (typeof fields !== "object" || fields === null) return undefined;
    return Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
        typeof value === "string" ? [[name.toLowerCase(), value]] : [],
      ),
    );
  } catch {
    return undefined;
  }
}

/** What jobs ran under, for those who listen how they ended. */
const contextOf = new WeakMap<object, Context>();

function patchWorker(prototype: object, entrance: WorkEntrance): void {
  replaceMethod<QueueLike, [JobLike, ...unknown[]]>(prototype, "callProcessJob", (original) => {
    return function callProcessJob(...args) {
      const [job] = args;
      const work = entrance.begin(deliveryOf(this, job));
      const call = (): unknown => Reflect.apply(original, this, args);
      if (work === undefined) return call();
      contextOf.set(job, work.context);
      const failureOf = (error: unknown): Failure | undefined => failureIn(job, error);
      return attend(work, call, { failureOf, caller: "awaits" });
    };
  });
  // A worker asks for jobs day and night; spans of that would be all its traces.
  replaceMethod<QueueLike, unknown[]>(prototype, "run", (original) => {
    return function run(...args) {
      watch(this, entrance);
      return runSuppressed(() => Reflect.apply(original, this, args));
    };
  });
  replaceMethod<QueueLike, [unknown, ...unknown[]]>(prototype, "emit", (original) => {
    return function emit(...args) {
      const job = args[1];
      const known = typeof job === "object" && job !== null ? contextOf.get(job) : undefined;
      const context = known ?? (isSuppressed(activeContext()) ? ROOT : undefined);
      if (context === undefined) return Reflect.apply(original, this, args);
      return runIn(context, () => Reflect.apply(original, this, args));
    };
  });
}

function deliveryOf({ name: queue, opts: own }: QueueLike, job: JobLike): Delivery {
  const { id, name, attemptsMade, opts } = job;
  const carried = carriedBy.get(job);
  return {
    system: SYSTEM,
    destination: queue,
    operation: "process",
    broker: brokerOf(own?.connection),
    carried: carried === undefined ? [] : [carried],
    messageId: id,
    job: {
      name,
      id,
      queue,
      attempt: attemptsMade + 1,
      maxAttempts: Math.max(1, opts.attempts ?? 1),
    },
  };
}

/** BullMQ's own: by these a processor says that the job is to come back later. */
const NO_FAILURES = new Set(["DelayedError", "WaitingError", "WaitingChildrenError"]);
const RATE_LIMITED = "bullmq:rateLimitExceeded";

function failureIn({ attemptsMade, opts }: JobLike, error: unknown): Failure | undefined {
  const { name, message } = (error ?? {}) as Partial<Error>;
  if ((name !== undefined && NO_FAILURES.has(name)) || message === RATE_LIMITED) return undefined;
  const isLast = attemptsMade + 1 >= (opts.attempts ?? 1);
  return { error, willRetry: !isLast && name !== "UnrecoverableError" };
}
