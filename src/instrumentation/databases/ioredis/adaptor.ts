import { type Context, context as contexts } from "@opentelemetry/api";
import { now } from "../../../clock.ts";
import type { Adaptor, LoadedFile } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import type { DatabaseCall } from "../../database-client/database-call.ts";
import {
  isHandshake,
  isInternalFile,
  isInternalCommand,
  patchInternal,
  exportedPrototype,
  markInternal,
} from "./internal-commands.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";
import {
  batchDetails,
  batchOperation,
  isRead,
  redisOperation,
  redisCalls,
  type RedisCalls,
  RedisTarget,
} from "../redis/commands.ts";

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

interface Client {
  readonly options: {
    readonly host?: string;
    readonly port?: number;
    readonly path?: string | null;
    readonly db?: number;
    readonly sentinels?: unknown;
  };
  /**
   * Connection state: the selected database and, from version 6 on, whether the
   * handshake is in progress.
   */
  readonly condition?: { readonly select?: number; readonly handshake?: boolean } | null;
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number };
}

interface Command {
  readonly name: string;
  /** Set on commands of a redirection, which the app did not send. */
  readonly ignore?: boolean;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
  [COMMAND_STATE]?: CommandState;
}

/**
 * Key on a command, which may be sent again: after a reconnect, or to another
 * server of a cluster.
 */
const COMMAND_STATE = Symbol("telltale.ioredis");

interface CommandState {
  /** Whether the client sends the command by itself. */
  readonly isInternal?: true;
  /** For a command to a cluster: the app's context and the start of the call. */
  readonly caller?: CallerInfo;
  call?: RedisCall | undefined;
}

interface CallerInfo {
  readonly context: Context;
  /** On the monotonic clock. */
  readonly startedAt: number;
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
  endWith(command, () => (state.call ??= startInCallerContext(caller, calls, CLUSTER, command)));
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
    endWith(command, () => call);
  } else if (state.caller !== undefined) {
    state.call ??= startInCallerContext(state.caller, calls, targetOf(client), command);
  }
}

function startInCallerContext(
  { context, startedAt }: CallerInfo,
  calls: RedisCalls,
  target: RedisTarget,
  command: Command,
): RedisCall {
  return contexts.with(context, start, undefined, calls, target, command, startedAt);
}

/** Call of a command, which ends with its reply. */
interface RedisCall {
  succeed(reply: unknown): void;
  fail(error: unknown): void;
}

function start(
  { database, replies }: RedisCalls,
  target: RedisTarget,
  { name }: Command,
  startedAt?: number,
): RedisCall {
  const operation = redisOperation(name);
  const attributes = target.attributesOf(operation);
  const call = database.start(operation ?? "redis", attributes, undefined, startedAt);
  return {
    succeed(reply) {
      call.succeed();
      if (isRead(operation)) replies.replied(operation, reply, target.attributes);
    },
    fail(error) {
      call.fail(error);
    },
  };
}

function endWith(command: Command, callOf: () => RedisCall): void {
  const { resolve, reject } = command;
  command.resolve = (reply) => {
    callOf().succeed(reply);
    resolve.call(command, reply);
  };
  command.reject = (error) => {
    callOf().fail(error);
    reject.call(command, error);
  };
}

interface KnownTarget {
  readonly database: number;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly target: RedisTarget;
}

/** Last target of each connection, which rarely changes. */
const targets = new WeakMap<object, KnownTarget>();

function targetOf(client: Client): RedisTarget {
  const { options, condition, stream } = client;
  const database = condition?.select ?? options.db ?? 0;
  const [address, port] = addressOf(options, stream);
  const known = targets.get(client);
  if (known?.database === database && known.address === address && known.port === port) {
    return known.target;
  }
  const target = new RedisTarget(address, port, database);
  targets.set(client, { database, address, port, target });
  return target;
}

type Address = [address: string | undefined, port: number | undefined];

/** Behind sentinels, only the connection has the address of the server. */
function addressOf(options: Client["options"], stream: Client["stream"]): Address {
  if (options.sentinels) return [stream?.remoteAddress, stream?.remotePort];
  if (options.path) return [options.path, undefined];
  return [options.host, options.port];
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

interface Pipeline {
  readonly redis: Client;
  readonly isCluster?: boolean;
  readonly _transactions?: number;
  readonly _queue: readonly Command[];
  /** Pairs of error and reply, in the order of the queue. */
  readonly _result: readonly Result[];
  resolve(results: unknown): void;
  reject(error: unknown): void;
  /** Call of a pipeline that the app created. */
  [PIPELINE_CALL]?: DatabaseCall;
  /** Calls of the commands in a pipeline that `ioredis` created by itself. */
  [AUTO_PIPELINE_CALLS]?: (RedisCall | undefined)[];
}

type Result = readonly [error?: unknown, reply?: unknown] | undefined;

const PIPELINE_CALL = Symbol("telltale.ioredis.pipeline");
const AUTO_PIPELINE_CALLS = Symbol("telltale.ioredis.together");

function patchPipeline(prototype: object, calls: RedisCalls): void {
  replaceMethod<Pipeline, [Command, ...unknown[]]>(
    prototype,
    "sendCommand",
    (original) =>
      function sendCommand(...args) {
        if (isAutoPipeline(this)) observeAutoPipelined(calls, this, args[0]);
        return Reflect.apply(original, this, args);
      },
  );
  replaceMethod<Pipeline, unknown[]>(
    prototype,
    "exec",
    (original: Method<Pipeline>) =>
      function exec(...args) {
        // Within an open transaction this is only its `EXEC` command; a cluster calls `exec`
        // again.
        const isFirst = this[PIPELINE_CALL] === undefined && !this._transactions;
        if (isFirst && this._queue.length > 0 && !isAutoPipeline(this))
          observePipeline(calls, this);
        return Reflect.apply(original, this, args);
      },
  );
}

/**
 * Whether `enableAutoPipelining`, available from version 4.19 on, created the
 * pipeline: it is marked with a symbol `exec`.
 */
function isAutoPipeline(pipeline: Pipeline): boolean {
  if (pipeline[AUTO_PIPELINE_CALLS] !== undefined) return true;
  return Object.getOwnPropertySymbols(pipeline).some(({ description }) => description === "exec");
}

/**
 * Starts the call of a command in its caller's context. It ends together with the
 * other commands, when its caller receives the reply.
 */
function observeAutoPipelined(calls: RedisCalls, pipeline: Pipeline, command: Command): void {
  // A cluster adds commands again.
  if (command[COMMAND_STATE] !== undefined || command.ignore === true) return;
  const call = isInternalCommand() ? undefined : start(calls, batchTarget(pipeline), command);
  command[COMMAND_STATE] = { call };
  if (pipeline[AUTO_PIPELINE_CALLS] === undefined)
    endAutoPipelined(pipeline, (pipeline[AUTO_PIPELINE_CALLS] = []));
  pipeline[AUTO_PIPELINE_CALLS].push(call);
}

function endAutoPipelined(pipeline: Pipeline, pipelined: readonly (RedisCall | undefined)[]): void {
  const { resolve, reject } = pipeline;
  pipeline.resolve = (results) => {
    for (const [index, call] of pipelined.entries()) {
      const [error, reply] = (results as readonly Result[])[index] ?? [];
      if (error) call?.fail(error);
      else call?.succeed(reply);
    }
    resolve.call(pipeline, results);
  };
  pipeline.reject = (error) => {
    for (const call of pipelined) call?.fail(error);
    reject.call(pipeline, error);
  };
}

function observePipeline({ database }: RedisCalls, pipeline: Pipeline): void {
  const all = pipeline._queue.map(({ name }) => redisOperation(name));
  const operations = all.filter((operation) => operation !== "MULTI" && operation !== "EXEC");
  const kind = operations.length < all.length ? "MULTI" : "PIPELINE";
  const operation = batchOperation(kind, operations);
  const attributes = batchTarget(pipeline).attributesOf(operation);
  const call = database.start(operation, attributes, batchDetails(operations.length));
  pipeline[PIPELINE_CALL] = call;
  const { resolve, reject } = pipeline;
  pipeline.resolve = (results) => {
    const failure = pipeline._result.find((result) => result?.[0]);
    if (failure === undefined) call.succeed();
    else call.fail(failure[0]);
    resolve.call(pipeline, results);
  };
  pipeline.reject = (error) => {
    call.fail(error);
    reject.call(pipeline, error);
  };
}

/** Target of a pipeline; a cluster chooses the server only when it sends. */
function batchTarget({ redis, isCluster }: Pipeline): RedisTarget {
  return isCluster ? CLUSTER : targetOf(redis);
}

const CLUSTER = new RedisTarget(undefined, undefined, 0);
