import { context as contexts } from "@opentelemetry/api";
import { now } from "../../../clock.ts";
import type { Adaptor, LoadedFile } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { redisCalls, type RedisCalls } from "../redis/commands.ts";
import {
  type CallerInfo,
  type Client,
  CLUSTER,
  type Command,
  COMMAND_STATE,
  type CommandState,
  endOnReply,
  start,
  startInCallerContext,
  targetOf,
} from "./command-calls.ts";
import {
  exportedPrototype,
  isHandshake,
  isInternalCommand,
  isInternalFile,
  markInternal,
  patchInternal,
} from "./internal-commands.ts";
import { patchConnecting } from "./connecting.ts";
import { patchPipeline } from "./pipelines.ts";

/**
 * Traces `ioredis`: one span per command, and one per pipeline or transaction of
 * the app. `enableAutoPipelining` combines commands of several callers, each of
 * which has a span. Commands reach a connection through `sendCommand`, those of a
 * cluster too; a pipeline passes itself as the second argument. As in upstream's
 * instrumentation, a command without a parent span has no span. Unlike there,
 * commands that a client sends by itself when it connects have none either.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const calls = versions.getOrCreate(file, () =>
      redisCalls(deps, { scope: "ioredis", version: file.version, needsParent: true }),
    );
    if (file.file === OLD_COMMAND) patchOldCommand(exportedPrototype(exports));
    else if (isInternalFile(file)) patchInternal(exports as object, file);
    else if (isClusterFile(file)) patchCluster(exportedPrototype(exports), calls);
    else if (isPipelineFile(file)) patchPipeline(exportedPrototype(exports), calls);
    else patchClient(exportedPrototype(exports), calls);
    return exports;
  },
};

/** A file of versions 2 and 3, whose promises are Bluebird's. */
const OLD_COMMAND = "lib/command.js";

const versions = new PerVersionCache<RedisCalls>();

function isClusterFile({ file }: LoadedFile): boolean {
  return file.endsWith("/cluster/index.js");
}

function isPipelineFile({ file }: LoadedFile): boolean {
  return file.toLowerCase().endsWith("/pipeline.js");
}

/**
 * A cluster queues a command until its servers are known, and sends it again after
 * a redirection. All of that is one call, which starts with, and runs in the
 * context of, the app's call.
 */
function patchCluster(prototype: object, calls: RedisCalls): void {
  replaceMethod<Client, [Command, ...unknown[]]>(
    prototype,
    "sendCommand",
    (original) =>
      function sendCommand(...args) {
        const [command, stream] = args;
        if (stream === undefined && command[COMMAND_STATE] === undefined)
          startClusterCall(calls, command);
        return Reflect.apply(original, this, args);
      },
  );
  // An automatic pipeline waits here until the servers are known.
  if ("delayUntilReady" in prototype) {
    replaceMethod<object, unknown[]>(
      prototype,
      "delayUntilReady",
      (original) =>
        function delayUntilReady(callback) {
          return Reflect.apply(original, this, [contexts.bind(contexts.active(), callback)]);
        },
    );
  }
  for (const name of ["getInfoFromNode", "readyCheck", "_readyCheck"])
    markInternal(prototype, name);
}

function startClusterCall(calls: RedisCalls, command: Command): void {
  if (isInternalCommand()) {
    command[COMMAND_STATE] = { isInternal: true };
    return;
  }
  const caller: CallerInfo = { context: contexts.active(), startedAt: now() };
  const state: CommandState = { caller };
  command[COMMAND_STATE] = state;
  endOnReply(command, () => (state.call ??= startInCallerContext(caller, calls, CLUSTER, command)));
}

function patchClient(prototype: object, calls: RedisCalls): void {
  replaceMethod<Client, [Command, unknown?, ...unknown[]]>(
    prototype,
    "sendCommand",
    (original) =>
      function sendCommand(...args) {
        const [command, stream] = args;
        if (stream === undefined && isCommand(command)) observe(calls, this, command);
        return Reflect.apply(original, this, args);
      },
  );
  markInternal(prototype, "_readyCheck");
  patchConnecting(prototype, calls);
}

function isCommand(command: unknown): command is Command {
  return typeof command === "object" && command !== null;
}

function observe(calls: RedisCalls, client: Client, command: Command): void {
  const state = command[COMMAND_STATE];
  if (state === undefined) {
    if (isInternalCommand() || isHandshake(client, command.name)) {
      command[COMMAND_STATE] = { isInternal: true };
      return;
    }
    const call = start(calls, targetOf(client), command);
    command[COMMAND_STATE] = { call };
    endOnReply(command, () => call);
  } else if (state.caller !== undefined) {
    state.call ??= startInCallerContext(state.caller, calls, targetOf(client), command);
  }
}

interface OldCommand {
  callback?: unknown;
}

/** Bluebird calls back from its own queue, in an arbitrary context. */
function patchOldCommand(prototype: object): void {
  replaceMethod<OldCommand, unknown[]>(
    prototype,
    "initPromise",
    (original) =>
      function initPromise(...args) {
        this.callback = contexts.bind(contexts.active(), this.callback);
        return Reflect.apply(original, this, args);
      },
  );
}
