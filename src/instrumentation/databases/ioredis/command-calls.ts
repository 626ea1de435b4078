import { type Context, context as contexts } from "@opentelemetry/api";
import { redisOperation, type RedisCalls, RedisTarget } from "../redis/commands.ts";

export interface Client {
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

export interface Command {
  readonly name: string;
  readonly args?: readonly unknown[];
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
export const COMMAND_STATE: unique symbol = Symbol("telltale.ioredis");

export interface CommandState {
  /** Whether the client sends the command by itself. */
  readonly isInternal?: true;
  /** For a command to a cluster: the app's context and the start of the call. */
  readonly caller?: CallerInfo;
  call?: RedisCall | undefined;
}

export interface CallerInfo {
  readonly context: Context;
  /** On the monotonic clock. */
  readonly startedAt: number;
}

export function startInCallerContext(
  { context, startedAt }: CallerInfo,
  calls: RedisCalls,
  target: RedisTarget,
  command: Command,
): RedisCall {
  return contexts.with(context, start, undefined, calls, target, command, startedAt);
}

/** Call of a command, which ends with its reply. */
export interface RedisCall {
  succeed(reply: unknown): void;
  fail(error: unknown): void;
}

export function start(
  { database, replies }: RedisCalls,
  target: RedisTarget,
  { name, args = [] }: Command,
  startedAt?: number,
): RedisCall {
  const operation = redisOperation(name);
  const attributes = target.attributesOf(operation);
  const call = database.start(operation ?? "redis", attributes, undefined, startedAt);
  database.recorder?.command(call.span, operation ?? "", args);
  return {
    succeed(reply) {
      call.succeed();
      replies.replied(operation, reply, target.attributes, call);
    },
    fail(error) {
      call.fail(error);
    },
  };
}

export function endOnReply(command: Command, callOf: () => RedisCall): void {
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

export function targetOf(client: Client): RedisTarget {
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

/** Target of commands to a cluster, before it has chosen a server. */
export const CLUSTER: RedisTarget = new RedisTarget(undefined, undefined, 0);
