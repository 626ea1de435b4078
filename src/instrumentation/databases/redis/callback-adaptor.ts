import { context as contexts } from "@opentelemetry/api";
import type { Adaptor } from "../../loading/adaptor.ts";
import { PerVersionCache } from "../../loading/per-version-cache.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { redisOperation, redisCalls, type RedisCalls, RedisTarget } from "./commands.ts";

/**
 * Traces `redis` 2.6 to 3, which takes callbacks: one span per command, those of
 * transactions and batches included. As in upstream's instrumentation, each has
 * one, with or without a parent span. Unlike there, commands that a client sends
 * by itself when it connects have none.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const { RedisClient } = exports as { readonly RedisClient: { readonly prototype: object } };
    const { version } = file;
    const calls = versions.getOrCreate(file, () =>
      redisCalls(deps, { scope: "redis", version, needsParent: false }),
    );
    patchConnecting(RedisClient.prototype);
    patchSend(RedisClient.prototype, calls);
    patchErrors(RedisClient.prototype, calls);
    return exports;
  },
};

const versions = new PerVersionCache<RedisCalls>();

interface Client {
  readonly connection_options?: {
    readonly host?: string;
    readonly port?: number | string;
    readonly path?: string;
  };
  /** The selected database, if it is not the first one. */
  readonly selected_db?: number | string;
  readonly connected?: boolean;
  /** Whether the app closes it. */
  readonly closing?: boolean;
  emit(event: string, error: unknown): unknown;
}

type Callback = (error: unknown, reply?: unknown) => unknown;

interface Command {
  readonly command: unknown;
  readonly args?: readonly unknown[];
  callback?: Callback | undefined;
}

/**
 * Whether a client is authenticating, selecting its database or checking that the
 * server is ready.
 */
const isConnecting = new CurrentValue(false);

function patchConnecting(prototype: object): void {
  for (const name of ["on_connect", "ready_check", "on_ready"]) {
    replaceMethod<Client, unknown[]>(prototype, name, (original) => {
      return function (...args) {
        return isConnecting.run(true, () => Reflect.apply(original, this, args));
      };
    });
  }
}

/** Records each attempt to connect that fails: meanwhile commands wait, for an hour by default. */
function patchErrors(prototype: object, { database }: RedisCalls): void {
  replaceMethod<Client, [unknown, ...unknown[]]>(prototype, "on_error", (original) => {
    return function on_error(...args) {
      if (this.connected !== true && this.closing !== true)
        database.recordUnopened(targetOf(this).attributes, args[0]);
      return Reflect.apply(original, this, args);
    };
  });
}

function patchSend(prototype: object, calls: RedisCalls): void {
  // A command that is queued for the connection is passed again.
  const seen = new WeakSet<object>();
  replaceMethod<Client, [Command, ...unknown[]]>(
    prototype,
    "internal_send_command",
    (original) =>
      function internal_send_command(...args) {
        const [command] = args;
        if (typeof command === "object" && command !== null && !seen.has(command)) {
          seen.add(command);
          if (!isConnecting.get()) observe(calls, this, command);
        }
        return Reflect.apply(original, this, args);
      },
  );
}

function observe({ database, replies }: RedisCalls, client: Client, command: Command): void {
  const operation = redisOperation(command.command);
  const target = targetOf(client);
  const call = database.start(operation ?? "redis", target.attributesOf(operation));
  database.recorder?.command(call.span, operation ?? "", command.args ?? []);
  const { callback } = command;
  command.callback = function (error, reply) {
    if (error === null || error === undefined) {
      call.succeed();
      replies.replied(operation, reply, target.attributes, call);
    } else {
      call.fail(error);
    }
    if (callback !== undefined && callback !== null) {
      return contexts.with(call.context, callback, this, error, reply);
    }
    // The client does the same for a command without a callback.
    if (error !== null && error !== undefined) client.emit("error", error);
    return undefined;
  };
}

const targets = new WeakMap<object, Map<number, RedisTarget>>();

function targetOf(client: Client): RedisTarget {
  let byDatabase = targets.get(client);
  if (byDatabase === undefined) targets.set(client, (byDatabase = new Map<number, RedisTarget>()));
  const selected = Number(client.selected_db ?? 0);
  const database = Number.isNaN(selected) ? 0 : selected;
  let target = byDatabase.get(database);
  if (target === undefined) {
    const { host = "127.0.0.1", port = 6379, path } = client.connection_options ?? {};
    const serverPort = path === undefined ? Number(port) : undefined;
    byDatabase.set(database, (target = new RedisTarget(path ?? host, serverPort, database)));
  }
  return target;
}
