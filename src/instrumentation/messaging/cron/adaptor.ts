import type { MessagingInstrumenter } from "../../../context/messaging.ts";
import type { JobInfo, Recurrence } from "../../../context/job.ts";
import {
  type CronerOptions,
  cronerRecurrence,
  nodeCron3Recurrence,
  nodeCronRecurrence,
  type NodeCronTask,
} from "./recurrence.ts";
import type { Adaptor } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";

/**
 * `node-cron` 3 and 4 and `croner`: each run of a scheduled function is a job,
 * named like the schedule or by its pattern. A function of `job()` keeps the name
 * it has there.
 *
 * `schedule` itself is not wrapped: node-cron reads the calling file from the stack,
 * to resolve the path of a task.
 */
export const adaptor: Adaptor = {
  patch(exports, { package: name, file }, deps) {
    const instrumenter = deps.messaging();
    if (name === "croner") return patchCroner(exports as Croner, instrumenter);
    if (file === V3_TASK_FILE) return wrapTaskClass(exports as TaskClass, instrumenter);
    patchTask(exports as Readonly<Record<string, unknown>>, instrumenter);
    return exports;
  },
};

/** The class of tasks in node-cron 3. */
const V3_TASK_FILE = "src/scheduled-task.js";

type ScheduledFunction = Method;

/** Wraps a function so that each call is a job. */
function asJob(
  run: ScheduledFunction,
  getJob: () => JobInfo,
  instrumenter: MessagingInstrumenter,
): ScheduledFunction {
  const job: ScheduledFunction = function (...args) {
    const start = instrumenter.startScheduledJob(getJob());
    const call = (): unknown => Reflect.apply(run, this, args);
    return start === undefined ? call() : start(call);
  };
  return copyFunctionProperties(job, run);
}

function jobInfo(
  schedule: unknown,
  name: unknown,
  recurrenceOf: (pattern: string) => Recurrence,
): JobInfo {
  const pattern = typeof schedule === "string" ? schedule : undefined;
  const recurrence = pattern === undefined ? undefined : recurrenceOf(pattern);
  const job = { schedule: pattern, recurrence };
  if (typeof name === "string" && name !== "") return { name, ...job };
  return { name: pattern === undefined ? "cron" : `cron ${pattern}`, ...job, isUnnamed: true };
}

/** A class whose constructor may call the function at once, so that only its arguments can be wrapped. */
type TaskClass = new (...args: unknown[]) => object;

function wrapTaskClass(Task: TaskClass, instrumenter: MessagingInstrumenter): TaskClass {
  return new Proxy(Task, {
    construct(target, constructorArgs: readonly unknown[], newTarget: TaskClass) {
      const [schedule, run, options, ...rest] = constructorArgs;
      const { name, timezone } = (options ?? {}) as Readonly<Record<string, unknown>>;
      const recurrenceOf = (pattern: string): Recurrence => nodeCron3Recurrence(pattern, timezone);
      const getJob = (): JobInfo => jobInfo(schedule, name, recurrenceOf);
      const isRun = typeof run === "function";
      const started = isRun ? asJob(run as ScheduledFunction, getJob, instrumenter) : run;
      return Reflect.construct(target, [schedule, started, options, ...rest], newTarget);
    },
  });
}

/** `InlineScheduledTask` of node-cron 4, which bundles export under other names. */
interface Task extends NodeCronTask {
  readonly id?: unknown;
  /** The id, which is random, where the app set no name. */
  readonly name?: unknown;
  readonly cronExpression?: unknown;
  readonly runner?: NodeCronTask["runner"] & { onMatch?: unknown };
}

function patchTask(
  exports: Readonly<Record<string, unknown>>,
  instrumenter: MessagingInstrumenter,
): void {
  const found = Object.values(exports).find(
    (one) => typeof one === "function" && one.name === "InlineScheduledTask",
  );
  if (found === undefined) throw new TypeError("there is no InlineScheduledTask");
  const { prototype } = found as { readonly prototype: object };
  const watched = new WeakSet<object>();
  for (const name of ["start", "execute"]) {
    replaceMethod<Task, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        wrapRunner(this, watched, instrumenter);
        return Reflect.apply(original, this, args);
      };
    });
  }
}

function wrapRunner(
  task: Task,
  watched: WeakSet<object>,
  instrumenter: MessagingInstrumenter,
): void {
  const { runner } = task;
  if (typeof runner?.onMatch !== "function" || watched.has(runner)) return;
  watched.add(runner);
  const named = (): JobInfo => {
    const name = task.name === task.id ? undefined : task.name;
    return jobInfo(task.cronExpression, name, (pattern) => nodeCronRecurrence(pattern, task));
  };
  runner.onMatch = asJob(runner.onMatch as ScheduledFunction, named, instrumenter);
}

/** Croner 8 for CommonJS is the class itself. */
interface Croner {
  readonly Cron?: { readonly prototype: object };
}

interface Cron {
  fn?: unknown;
  readonly name?: unknown;
  readonly options?: CronerOptions;
  getPattern?(): unknown;
}

function patchCroner(exports: Croner, instrumenter: MessagingInstrumenter): Croner {
  const started = new WeakSet<object>();
  const { prototype } = exports.Cron ?? (exports as { readonly prototype: object });
  replaceMethod<Cron, unknown[]>(prototype, "_trigger", (original) => {
    return function _trigger(...args) {
      if (typeof this.fn === "function" && !started.has(this.fn)) {
        const recurrenceOf = (pattern: string): Recurrence =>
          cronerRecurrence(pattern, this.options ?? {});
        const getJob = (): JobInfo => jobInfo(this.getPattern?.(), this.name, recurrenceOf);
        this.fn = asJob(this.fn as ScheduledFunction, getJob, instrumenter);
        started.add(this.fn as object);
      }
      return Reflect.apply(original, this, args);
    };
  });
  return exports;
}
