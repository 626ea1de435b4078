import { type Context, context as contexts } from "@opentelemetry/api";
import type { Adaptor, LoadedFile } from "./adaptor.ts";
import { ByVersion } from "./by-version.ts";
import type { DatabaseCall } from "./database-call.ts";
import { type Method, replaceMethod } from "./method.ts";
import {
  batchDetails,
  batchOperation,
  isRead,
  operationOf,
  redisCalls,
  type RedisCalls,
  RedisTarget,
} from "./redis-commands.ts";

/**
 * `ioredis`: one span per command, one per pipeline or transaction. Commands
 * reach a connection through `sendCommand`, those of a cluster too; what a
 * pipeline sends has that as a second argument. As upstream does, a command
 * that no span is around gets none.
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    const calls = versions.of(file, () =>
      redisCalls(services, { scope: "ioredis", version: file.version, needsParent: true }),
    );
    if (file.file === OLD_COMMAND) patchOldCommand(prototypeOf(exports));
    else if (isClusterFile(file)) patchCluster(prototypeOf(exports));
    else if (isPipelineFile(file)) patchPipeline(prototypeOf(exports), calls);
    else patchClient(prototypeOf(exports), calls);
    return exports;
  },
};

/** Of the versions before 4, whose promises are Bluebird's. */
const OLD_COMMAND = "lib/command.js";

const versions = new ByVersion<RedisCalls>();

function isClusterFile({ file }: LoadedFile): boolean {
  return file.endsWith("/cluster/index.js");
}

function isPipelineFile({ file }: LoadedFile): boolean {
  return file.toLowerCase().endsWith("/pipeline.js");
}

/** ioredis 2 to 4 export the constructor, later ones have it as `default`. */
function prototypeOf(exports: unknown): object {
  const { default: named } = exports as { readonly default?: { readonly prototype: object } };
  return (named ?? (exports as { readonly prototype: object })).prototype;
}

interface Client {
  readonly options: {
    readonly host?: string;
    readonly port?: number;
    readonly path?: string | null;
    readonly db?: number;
    readonly sentinels?: unknown;
  };
  /** The state of the connection: which database was selected. */
  readonly condition?: { readonly select?: number } | null;
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number };
}

interface Command {
  readonly name: string;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
  [UNDER_WAY]?: boolean;
  [ASKED_IN]?: Context;
}

/** On a command that waits for its reply: it is sent again after a reconnect. */
const UNDER_WAY = Symbol("telltale.ioredis");

/** On a command of a cluster: the context that it was asked in. */
const ASKED_IN = Symbol("telltale.ioredis.context");

/** While it connects, a cluster keeps commands; later it sends them in a context of its own. */
function patchCluster(prototype: object): void {
  replaceMethod<object, [Command, ...unknown[]]>(
    prototype,
    "sendCommand",
    (original) =>
      function sendCommand(...args) {
        args[0][ASKED_IN] ??= contexts.active();
        return Reflect.apply(original, this, args);
      },
  );
}

function patchClient(prototype: object, calls: RedisCalls): void {
  replaceMethod<Client, [Command, unknown?, ...unknown[]]>(
    prototype,
    "sendCommand",
    (original) =>
      function sendCommand(...args) {
        const [command, stream] = args;
        if (stream === undefined && isUntraced(command)) observe(calls, this, command);
        return Reflect.apply(original, this, args);
      },
  );
}

function isUntraced(command: unknown): command is Command {
  return typeof command === "object" && command !== null && !(command as Command)[UNDER_WAY];
}

function observe({ database, replies }: RedisCalls, client: Client, command: Command): void {
  const operation = operationOf(command.name);
  const target = targetOf(client);
  const attributes = target.attributesOf(operation);
  const begin = (): DatabaseCall => database.start(operation ?? "redis", attributes);
  const askedIn = command[ASKED_IN];
  const call = askedIn === undefined ? begin() : contexts.with(askedIn, begin);
  const { resolve, reject } = command;
  command[UNDER_WAY] = true;
  command.resolve = (reply) => {
    command[UNDER_WAY] = false;
    call.succeed();
    if (isRead(operation)) {
      replies.replied(operation, reply, target.attributes);
    }
    resolve.call(command, reply);
  };
  command.reject = (error) => {
    command[UNDER_WAY] = false;
    call.fail(error);
    reject.call(command, error);
  };
}

interface KnownTarget {
  readonly database: number;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly target: RedisTarget;
}

/** A connection's last one: it rarely goes elsewhere. */
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

/** With sentinels, who answers is known only by the connection. */
function addressOf(options: Client["options"], stream: Client["stream"]): Address {
  if (options.sentinels) return [stream?.remoteAddress, stream?.remotePort];
  if (options.path) return [options.path, undefined];
  return [options.host, options.port];
}

interface OldCommand {
  callback?: unknown;
}

/** Bluebird calls back from a queue of its own, in whatever context that is. */
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
  readonly _result: readonly (readonly [unknown, unknown?] | undefined)[];
  resolve(results: unknown): void;
  reject(error: unknown): void;
  [UNDER_WAY]?: DatabaseCall;
}

function patchPipeline(prototype: object, calls: RedisCalls): void {
  replaceMethod<Pipeline, unknown[]>(
    prototype,
    "exec",
    (original: Method<Pipeline>) =>
      function exec(...args) {
        // With a transaction open, this is only its command `EXEC`; a cluster calls again.
        const isFirst = this[UNDER_WAY] === undefined && !this._transactions;
        if (isFirst && this._queue.length > 0) observePipeline(calls, this);
        return Reflect.apply(original, this, args);
      },
  );
}

function observePipeline({ database }: RedisCalls, pipeline: Pipeline): void {
  const all = pipeline._queue.map(({ name }) => operationOf(name));
  const operations = all.filter((operation) => operation !== "MULTI" && operation !== "EXEC");
  const kind = operations.length < all.length ? "MULTI" : "PIPELINE";
  const operation = batchOperation(kind, operations);
  const attributes = batchTarget(pipeline).attributesOf(operation);
  const call = database.start(operation, attributes, batchDetails(operations.length));
  pipeline[UNDER_WAY] = call;
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

/** A cluster chooses the server when it sends. */
function batchTarget({ redis, isCluster }: Pipeline): RedisTarget {
  return isCluster ? CLUSTER : targetOf(redis);
}

const CLUSTER = new RedisTarget(undefined, undefined, 0);
