import { EventEmitter } from "node:events";
import { trace } from "@opentelemetry/api";
import { unitOf } from "../plan.ts";

const telltale = await import(process.env.TELLTALE);
const tracer = trace.getTracer("units");
const seed = Number(process.env.SEED);

/** Units that run, and those whose late steps have not been done. */
export const progress = { running: 0, pending: 0 };

const pauses = {
  tick: () => new Promise((resolve) => process.nextTick(resolve)),
  promise: () => Promise.resolve(),
  immediate: () => new Promise((resolve) => setImmediate(resolve)),
  timeout: () => new Promise((resolve) => setTimeout(resolve, 2)),
  emitter: () => {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit("event"));
    return new Promise((resolve) => emitter.once("event", resolve));
  },
};

const isolations = { scope: telltale.withScope, isolation: telltale.withIsolationScope };

/**
 * Runs the unit with this id: synchronously until its first asynchronous step.
 *
 * @param others start another unit: `call`, `thread`, `enqueue`
 * @param finished resolves after the end of the unit, for its late steps
 */
export function runUnit(id, others, finished) {
  const unit = unitOf(seed, id);
  if (unit.late.length > 0) void runLate(unit, others, finished);
  const steps = runSteps(unit.steps, others);
  if (steps === undefined) return fail(unit);
  progress.running++;
  return steps.finally(() => progress.running--).then(() => fail(unit));
}

async function runLate(unit, others, finished) {
  progress.pending++;
  await finished;
  await runSteps(unit.late, others);
  progress.pending--;
}

function fail({ failure }) {
  if (failure === undefined) return undefined;
  const error = new Error(failure.message);
  if (failure.isCaptured) telltale.captureException(error);
  throw error;
}

/** Returns a promise, or undefined if all steps are synchronous. */
function runSteps(steps, others, at = 0) {
  for (let index = at; index < steps.length; index++) {
    const done = runStep(steps[index], others);
    if (done !== undefined) return done.then(() => runSteps(steps, others, index + 1));
  }
  return undefined;
}

function runStep(step, others) {
  switch (step.do) {
    case "pause":
      return pauses[step.how]();
    case "user":
      return void telltale.setUser({ id: step.user });
    case "tag":
      return void telltale.setTag(step.key, step.value);
    case "capture":
      return void telltale.captureException(new Error(step.message));
    case "isolate":
      return isolations[step.how](() => runSteps(step.steps, others));
    case "span":
      return runInSpan(step.steps, others);
    case "job":
      return runJob(step.id, others);
    default:
      return others[step.do](step);
  }
}

function runInSpan(steps, others) {
  return tracer.startActiveSpan("span of a unit", (span) => {
    const done = runSteps(steps, others);
    if (done !== undefined) return done.finally(() => span.end());
    span.end();
    return undefined;
  });
}

/** Runs a unit as a job, whose error is expected. */
export async function runJob(id, others) {
  const { promise: finished, resolve } = Promise.withResolvers();
  const work = telltale.job("unit", async () => runUnit(id, others, finished));
  await work().catch(() => {});
  // A failed job ends in the next immediate.
  setImmediate(() => resolve());
}
