import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { Context, ROOT_CONTEXT, spanIn } from "../context/context.ts";
import { setProcessContext } from "../context/process/process-context.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { lazy } from "../lazy.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import type { ChildEnvironment } from "./child-environment.ts";
import {
  activeVariables,
  contextVariableNames,
  environmentGetter,
  type Variables,
} from "./environment-carrier.ts";
import { processSpanOf } from "./process-span.ts";
import { type PairsFor, patchSpawn, patchSpawnSync } from "./spawn.ts";

const loadChildEnvironment = lazy<typeof import("./child-environment.ts")>(
  "processes/child-environment.ts",
);

/** How long a process that was started as a command continues the trace of its environment. */
const COMMAND_MS = 3_600_000;

/** The same of worker threads and forked processes: they may be of a pool, and get other work later. */
const POOLED_MS = 60_000;

/** Node's environment data is what a thread passes on to the threads that it creates. */
const THREAD_KEY = "telltale.environment.1";

/** What a worker thread receives from the thread that has created it. */
interface ThreadData {
  /** The context in which it was created. */
  readonly context: Variables;
  /** The variables of the thread that has created it, at its start. */
  readonly inherited: Variables;
}

export interface ChildProcessesDeps {
  readonly config: { readonly environmentCarrier: boolean };
  readonly propagator: CompositePropagator;
  readonly diagnostics: Diagnostics;
  /** Reads variables of this thread. */
  readonly readVariables: (names: readonly string[]) => Variables;
}

/**
 * Continues the trace that the environment of this process or thread names, and propagates
 * context to the child processes and threads that it creates.
 */
export function installChildProcesses(deps: ChildProcessesDeps): void {
  const { config, propagator, readVariables } = deps;
  const names = contextVariableNames(propagator);
  if (!config.environmentCarrier || names.length === 0) return;
  const inherited = readVariables(names);
  continueTrace(propagator, isMainThread ? inherited : threadVariables(inherited));
  watchSpawns(deps, inherited);
  const data = {
    // Read by the structured clone of each new thread.
    get context(): Variables {
      return activeVariables(propagator);
    },
    inherited,
  };
  setEnvironmentData(THREAD_KEY, data);
}

function continueTrace(propagator: CompositePropagator, variables: Variables): void {
  const context = propagator.extract(ROOT_CONTEXT, variables, environmentGetter);
  const span = spanIn(context);
  if (span === undefined || !(context instanceof Context)) return;
  const isPooled = !isMainThread || process.connected;
  setProcessContext(context.withSpan(processSpanOf(span)), isPooled ? POOLED_MS : COMMAND_MS);
}

/** Returns the variables that a worker thread continues: those of its creator, unless the app has set others. */
function threadVariables(own: Variables): Variables {
  const { context, inherited } = (getEnvironmentData(THREAD_KEY) ?? {}) as Partial<ThreadData>;
  if (!(context instanceof Map) || !(inherited instanceof Map)) return own;
  const isOwn = [...own].some(([name, value]) => inherited.get(name) !== value);
  return isOwn ? own : context;
}

/** Propagates context to child processes, from the first one on. */
function watchSpawns({ propagator, diagnostics }: ChildProcessesDeps, inherited: Variables): void {
  let environment: ChildEnvironment | undefined;
  const pairsFor: PairsFor = (pairs) => {
    try {
      environment ??= loadChildEnvironment().createChildEnvironment(propagator, inherited);
      return environment.pairsFor(pairs);
    } catch (error) {
      diagnostics.error("child-process", `a child process received no trace: ${String(error)}`);
      return undefined;
    }
  };
  const onChildProcess = (message: unknown): void => {
    unsubscribe(CHANNEL, onChildProcess);
    patchSpawn((message as { readonly process: object }).process, pairsFor);
  };
  subscribe(CHANNEL, onChildProcess);
  patchSpawnSync(pairsFor);
}

/** Node publishes a child process before it is spawned. */
const CHANNEL = "child_process";
