import { createRequire } from "node:module";
import { inspect } from "node:util";
import { publishTestRecorder, testRecorder } from "../../development/test-recorder.ts";
import { Recorder } from "./recorder.ts";

/**
 * Returns the recorder of the process, and starts the preload if nothing has yet.
 *
 * @throws Error in a VM context to which its runner has not passed the recorder: a preload that
 * starts there would instrument nothing.
 */
export function startedRecorder(): Recorder {
  if (testRecorder() === undefined && isVmContext()) throw new Error(VM_CONTEXT);
  const recorder = publishTestRecorder(() => new Recorder());
  if (recorder.preload === undefined) startPreload();
  return recorder;
}

const VM_CONTEXT =
  "telltale/testing: this runner has a VM context for each test file, in which no library is instrumented; " +
  "jest: export withTelltale({ … }) of telltale/testing/jest from its configuration, and name no other @jest-environment; " +
  "vitest: use the pool forks or threads in place of vmForks or vmThreads";

/** Whether the globals are not those of Node's own modules. */
function isVmContext(): boolean {
  return Object.getPrototypeOf(inspect) !== Function.prototype;
}

function startPreload(): void {
  const inSource = import.meta.url.slice(-3) === ".ts";
  createRequire(import.meta.url)(inSource ? "../../../register.ts" : "./register.cjs");
}
