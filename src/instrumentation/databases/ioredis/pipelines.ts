import type { DatabaseCall } from "../../database-client/database-call.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";
import {
  redisOperation,
  type RedisCalls,
  type RedisTarget,
  startBatch,
} from "../redis/commands.ts";
import {
  type Client,
  CLUSTER,
  type Command,
  COMMAND_STATE,
  type RedisCall,
  start,
  targetOf,
} from "./command-calls.ts";
import { isInternalCommand } from "./internal-commands.ts";

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

/** Traces pipelines and transactions, and the commands of automatic pipelines. */
export function patchPipeline(prototype: object, calls: RedisCalls): void {
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

function observePipeline(calls: RedisCalls, pipeline: Pipeline): void {
  const commands = pipeline._queue.map(({ name }) => redisOperation(name));
  const kind = commands.includes("MULTI") ? "MULTI" : "PIPELINE";
  const call = startBatch(calls, batchTarget(pipeline), kind, commands);
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
