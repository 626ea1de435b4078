import { type EventEmitter, errorMonitor } from "node:events";
import { ConnectionPools } from "../../database-client/connection-pools.ts";
import type { Adaptor, AdaptorDeps, LoadedFile } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import {
  redisOperation,
  redisCalls,
  type RedisCalls,
  RedisTarget,
  startBatch,
} from "./commands.ts";
import { patchConnect, patchPool, type PoolClass } from "./pools.ts";

/**
 * Traces `redis` 4 to 6, which wraps `@redis/client` (formerly
 * `@node-redis/client`): one span per command, one per pipeline or transaction. As
 * in upstream's instrumentation, each command has one, with or without a parent
 * span.
 *
 * From version 5 on, all commands of a client use its `sendCommand`. In version 4
 * each method writes to the client's private queue, which is traced while a method
 * of the client runs.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const calls = versions.getOrCreate(file, () =>
      redisCalls(deps, { scope: "redis", version: file.version, needsParent: false }),
    );
    if (file.file === POOL) patchPool((exports as Pools).RedisClientPool, poolsOf(file, deps));
    else if (file.file === COMMANDER) patchCommander(exports as object);
    else if (file.file === QUEUE) patchQueue(prototypeOf(exports), calls);
    else if (isVersion4(prototypeOf(exports))) patchVersion4(prototypeOf(exports), calls);
    else patchClient(prototypeOf(exports), calls);
    return exports;
  },
};

const COMMANDER = "dist/lib/commander.js";
const QUEUE = "dist/lib/client/commands-queue.js";
const POOL = "dist/lib/client/pool.js";

const versions = new PerVersionCache<RedisCalls>();

function prototypeOf(exports: unknown): object {
  return (exports as { readonly default: { readonly prototype: object } }).default.prototype;
}

interface Pools {
  readonly RedisClientPool: PoolClass;
}

function poolsOf({ version }: LoadedFile, deps: AdaptorDeps): ConnectionPools {
  return new ConnectionPools(deps.meterProvider.getMeter("redis", version), deps.viewerCalls);
}

type Argument = string | Buffer;

interface Client {
  readonly options?: {
    readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string };
    readonly database?: number;
  };
  /** The client itself; `this` may be an object that inherits from it, with other options. */
  readonly _self?: Client;
}

interface BatchedCommand {
  readonly args: readonly Argument[];
}

function patchClient(prototype: object, calls: RedisCalls): void {
  patchConnect(prototype);
  patchErrors(prototype, calls);
  replaceMethod<Client, [readonly Argument[], ...unknown[]]>(
    prototype,
    "sendCommand",
    (original) =>
      function sendCommand(...args) {
        return observe(calls, this, args[0], () => Reflect.apply(original, this, args));
      },
  );
  patchBatch(prototype, "_executeMulti", "MULTI", calls);
  patchBatch(prototype, "_executePipeline", "PIPELINE", calls);
}

/**
 * Records each attempt to connect that fails: meanwhile commands wait without an end. The client
 * reports it as an `error`, and connects again by itself.
 */
function patchErrors(prototype: object, { database }: RedisCalls): void {
  const observed = new WeakSet<object>();
  replaceMethod<Client & EventEmitter, unknown[]>(
    prototype,
    "connect",
    (original) =>
      function connect(...args) {
        const self = (this._self ?? this) as Client & EventEmitter;
        if (!observed.has(self)) {
          observed.add(self);
          // This listener leaves an error without others an uncaught one.
          self.on(errorMonitor, (error: unknown) => {
            if (isUnopened(error)) database.recordUnopened(targetOf(self).attributes, error);
          });
        }
        return Reflect.apply(original, this, args);
      },
  );
}

/** Whether a connection could not be opened. Errors of one that was lost are those of its commands. */
function isUnopened(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { syscall } = error as NodeJS.ErrnoException;
  return (
    (syscall !== undefined && syscall !== "read" && syscall !== "write") ||
    error.constructor.name === "ConnectionTimeoutError"
  );
}

function patchBatch(
  prototype: object,
  name: string,
  kind: "MULTI" | "PIPELINE",
  calls: RedisCalls,
): void {
  replaceMethod<Client, [readonly BatchedCommand[], ...unknown[]]>(
    prototype,
    name,
    (original) =>
      function executeBatch(...args) {
        return observeBatch(calls, this, kind, args[0], () => Reflect.apply(original, this, args));
      },
  );
}

function observe(
  { database, replies }: RedisCalls,
  client: Client,
  args: readonly Argument[],
  send: () => unknown,
): unknown {
  if (isTopologyQuery(args)) return send();
  const operation = redisOperation(args[0]);
  const target = targetOf(client);
  const call = database.start(operation ?? "redis", target.attributesOf(operation));
  database.recorder?.command(call.span, operation ?? "", args.slice(1));
  return call.endWithPromise(send() as Promise<unknown>, (reply) => {
    if (operation === "SELECT") select(client, Number(args[1]));
    replies.replied(operation, reply, target.attributes, call);
    return undefined;
  });
}

/** Whether a cluster sends the command by itself, to find its servers; apps hardly ever do. */
function isTopologyQuery([command, what]: readonly Argument[]): boolean {
  return command === "CLUSTER" && (what === "SLOTS" || what === "NODES");
}

function observeBatch(
  calls: RedisCalls,
  client: Client,
  kind: "MULTI" | "PIPELINE",
  commands: readonly BatchedCommand[],
  send: () => unknown,
): unknown {
  const operations = commands.map(({ args }) => redisOperation(args[0]));
  const call = startBatch(calls, targetOf(client), kind, operations);
  return call.endWithPromise(send() as Promise<unknown>, firstError);
}

/**
 * Finds an error among the replies. The last reply of a transaction in version 4
 * is an array of its replies.
 */
function firstError(replies: unknown): unknown {
  if (!Array.isArray(replies)) return undefined;
  const all = replies as readonly unknown[];
  return all.find((reply) => reply instanceof Error) ?? firstError(all.at(-1));
}

const targets = new WeakMap<object, RedisTarget>();

function targetOf(client: Client): RedisTarget {
  const self = client._self ?? client;
  const target = targets.get(self);
  return target ?? select(self, client.options?.database ?? 0);
}

function select(client: Client, database: number): RedisTarget {
  const { host = "localhost", port = 6379, path } = client.options?.socket ?? {};
  const target = new RedisTarget(path ?? host, path === undefined ? port : undefined, database);
  targets.set(client._self ?? client, target);
  return target;
}

/**
 * The client whose method is running, in version 4: commands that are queued
 * meanwhile are its commands.
 */
const activeClient = new CurrentValue<Client | undefined>(undefined);

type Executor = (this: Client, ...args: unknown[]) => unknown;

function wrapExecutor(original: Executor): Executor {
  return function execute(...args) {
    return activeClient.run(this, () => Reflect.apply(original, this, args));
  };
}

interface CommanderConfig {
  readonly BaseClass?: { readonly name: string };
  executor: Executor;
}

/**
 * Patches the function that creates the client's methods, one for each Redis
 * command; its name differs between versions.
 */
function patchCommander(commander: object): void {
  const name = ["attachCommands", "extendWithCommands"].find((one) => one in commander);
  if (name === undefined) return;
  replaceMethod<unknown, [CommanderConfig]>(
    commander,
    name,
    (original) =>
      function attach(config) {
        if (config?.BaseClass?.name === "RedisClient")
          config.executor = wrapExecutor(config.executor);
        return Reflect.apply(original, this, [config]);
      },
  );
}

function patchQueue(prototype: object, calls: RedisCalls): void {
  replaceMethod<object, [readonly Argument[], ...unknown[]]>(
    prototype,
    "addCommand",
    (original) =>
      function addCommand(...args) {
        const client = activeClient.get();
        if (client === undefined) return Reflect.apply(original, this, args);
        return observe(calls, client, args[0], () => Reflect.apply(original, this, args));
      },
  );
}

function isVersion4(prototype: object): boolean {
  return "multiExecutor" in prototype;
}

/** Methods that write to the queue directly: modules, scripts, functions. */
const EXECUTORS = ["commandsExecutor", "scriptsExecutor", "scriptsExecuter", "functionsExecuter"];

function patchVersion4(prototype: object, calls: RedisCalls): void {
  patchErrors(prototype, calls);
  for (const name of [...EXECUTORS, "sendCommand", "SELECT"]) {
    if (name in prototype) replaceMethod<Client, unknown[]>(prototype, name, wrapExecutor);
  }
  replaceMethod<Client, [readonly BatchedCommand[], ...unknown[]]>(
    prototype,
    "multiExecutor",
    (original) =>
      function multiExecutor(...args) {
        // The queue keeps the commands of a transaction together by a symbol.
        const kind = args.some((arg) => typeof arg === "symbol") ? "MULTI" : "PIPELINE";
        return observeBatch(calls, this, kind, args[0], () => Reflect.apply(original, this, args));
      },
  );
}
