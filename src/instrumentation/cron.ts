import type { WorkEntrance } from "../context/work.ts";
import type { JobFacts } from "../context/job.ts";
import type { Adaptor } from "./adaptor.ts";
import { disguise, type Method, replaceMethod } from "./method.ts";

/**
 * `node-cron` 3 and 4 and `croner`: each run of a function that they have
 * scheduled is a job, called as its schedule is named, or by its pattern. A
 * function of `job()` keeps the name that it has there.
 *
 * `schedule` itself stays as it is: node-cron looks into the stack for the file
 * that has called it, to find a task that is given by its path.
 */
export const adaptor: Adaptor = {
  patch(exports, { package: name, file }, services) {
    const entrance = services.work();
    if (name === "croner") return patchCroner(exports as Croner, entrance);
    if (file === THIRD) return withJobs(exports as TaskClass, entrance);
    patchTask(exports as Readonly<Record<string, unknown>>, entrance);
    return exports;
  },
};

/** The class of tasks in node-cron 3. */
const THIRD = "src/scheduled-task.js";

type Run = Method;

/** A function that starts a job when it is called. */
function starting(run: Run, jobOf: () => JobFacts, entrance: WorkEntrance): Run {
  const job: Run = function (...args) {
    const start = entrance.startScheduled(jobOf());
    const call = (): unknown => Reflect.apply(run, this, args);
    return start === undefined ? call() : start(call);
  };
  return disguise(job, run);
}

function jobOf(schedule: unknown, name: unknown): JobFacts {
  const pattern = typeof schedule === "string" ? schedule : undefined;
  if (typeof name === "string" && name !== "") return { name, schedule: pattern };
  return { name: pattern === undefined ? "cron" : `cron ${pattern}`, schedule: pattern };
}

/** Calls its function as soon as its constructor has it, with nothing in between to replace. */
type TaskClass = new (...args: unknown[]) => object;

function withJobs(Task: TaskClass, entrance: WorkEntrance): TaskClass {
  return new Proxy(Task, {
    construct(target, given: readonly unknown[], newTarget: TaskClass) {
      const [schedule, run, options, ...rest] = given;
      const { name } = (options ?? {}) as { readonly name?: unknown };
      const isRun = typeof run === "function";
      const started = isRun ? starting(run as Run, () => jobOf(schedule, name), entrance) : run;
      return Reflect.construct(target, [schedule, started, options, ...rest], newTarget);
    },
  });
}

/** `InlineScheduledTask` of node-cron 4, which a bundle exports by another name. */
interface Task {
  readonly id?: unknown;
  /** Its id, which is another one each time, where the app gave none. */
  readonly name?: unknown;
  readonly cronExpression?: unknown;
  readonly runner?: { onMatch?: unknown };
}

function patchTask(exports: Readonly<Record<string, unknown>>, entrance: WorkEntrance): void {
  const found = Object.values(exports).find(
    (one) => typeof one === "function" && one.name === "InlineScheduledTask",
  );
  if (found === undefined) throw new TypeError("there is no InlineScheduledTask");
  const { prototype } = found as { readonly prototype: object };
  const watched = new WeakSet<object>();
  for (const name of ["start", "execute"]) {
    replaceMethod<Task, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        watchRunner(this, watched, entrance);
        return Reflect.apply(original, this, args);
      };
    });
  }
}

function watchRunner(task: Task, watched: WeakSet<object>, entrance: WorkEntrance): void {
  const { runner } = task;
  if (typeof runner?.onMatch !== "function" || watched.has(runner)) return;
  watched.add(runner);
  const named = (): JobFacts =>
    jobOf(task.cronExpression, task.name === task.id ? undefined : task.name);
  runner.onMatch = starting(runner.onMatch as Run, named, entrance);
}

/** Croner 8 for CommonJS is the class itself. */
interface Croner {
  readonly Cron?: { readonly prototype: object };
}

interface Cron {
  fn?: unknown;
  readonly name?: unknown;
  getPattern?(): unknown;
}

function patchCroner(exports: Croner, entrance: WorkEntrance): Croner {
  const started = new WeakSet<object>();
  const { prototype } = exports.Cron ?? (exports as { readonly prototype: object });
  replaceMethod<Cron, unknown[]>(prototype, "_trigger", (original) => {
    return function _trigger(...args) {
      if (typeof this.fn === "function" && !started.has(this.fn)) {
        this.fn = starting(this.fn as Run, () => jobOf(this.getPattern?.(), this.name), entrance);
        started.add(this.fn as object);
      }
      return Reflect.apply(original, this, args);
    };
  });
  return exports;
}
