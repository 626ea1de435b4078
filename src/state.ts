import type { Caches } from "./caches/caches.ts";
import type { RunJob } from "./entry/lazy-work.ts";
import type { Errors } from "./errors/errors.ts";

/**
 * What the preload leaves for the API (`index.ts`). It hangs on the global
 * object, because the API may be another copy: bundled into the app, or of
 * another version.
 */
export interface State {
  readonly version: string;
  readonly errors: Errors;
  readonly runJob: RunJob;
  readonly caches: () => Caches;
}

const STATE: unique symbol = Symbol.for("telltale") as never;
const STARTED: unique symbol = Symbol.for("telltale.started") as never;
const globals = globalThis as { [STATE]?: State; [STARTED]?: boolean };

/** Says yes to the first that asks in this thread, of all copies of the preload. */
export function claimStart(): boolean {
  if (globals[STARTED] === true) return false;
  Object.defineProperty(globals, STARTED, { value: true });
  return true;
}

export function currentState(): State | undefined {
  return globals[STATE];
}

export function publishState(state: State): void {
  Object.defineProperty(globals, STATE, { value: state, configurable: true });
}
