import type { Attributes } from "@opentelemetry/api";
import type { AdaptorDeps } from "../../loading/adaptor.ts";
import {
  CallTarget,
  DatabaseCalls,
  type DatabaseCallsOptions,
  describeError,
  type DatabaseFailure,
} from "../../database-client/database-call.ts";

/** What the adaptors of `redis` and `ioredis` tell of commands and their replies. */
export interface RedisCalls {
  readonly database: DatabaseCalls;
  readonly replies: ReplyListener;
}

/** For one version of one of the libraries. */
export function redisCalls(
  deps: AdaptorDeps,
  options: Omit<DatabaseCallsOptions, "describe">,
): RedisCalls {
  return {
    database: new DatabaseCalls(deps, { ...options, describe: describeRedisError }),
    replies: countReplies(deps),
  };
}

/** Told of what GETs give: after the call's end. */
interface ReplyListener {
  /**
   * @param operation `GET` or `MGET`
   * @param reply null, a value, or an array of them
   * @param target the attributes that say where it came from; shared, not to be changed
   */
  replied(operation: string, reply: unknown, target: Attributes): void;
}

/** What is read is looked up in a cache: hits and misses by server and database. */
function countReplies({ caches }: AdaptorDeps): ReplyListener {
  const names = new WeakMap<Attributes, string>();
  return {
    replied(operation, reply, target) {
      const values = operation === "MGET" && Array.isArray(reply) ? reply : [reply];
      const hits = values.filter((value) => value !== null && value !== undefined).length;
      const name = names.get(target) ?? cacheName(target);
      names.set(target, name);
      caches().recordLookups(name, hits, values.length - hits);
    },
  };
}

/** `redis 127.0.0.1:6379/0` */
function cacheName(target: Attributes): string {
  const { "server.address": address, "server.port": port, "db.namespace": database } = target;
  const server = typeof port === "number" ? `${String(address)}:${port}` : String(address);
  return `redis ${server}/${String(database)}`;
}

/** Whether a `ReplyListener` hears of it. */
export function isRead(operation: string | undefined): operation is string {
  return operation === "GET" || operation === "MGET";
}

const MAX_CACHED = 500;
const operationNames = new Map<string, string | undefined>();

/**
 * A command as Redis documents it, in capitals (the libraries' methods have
 * small letters), so that all clients' calls go by the same name; undefined for
 * what can't be one.
 */
export function redisOperation(command: unknown): string | undefined {
  if (typeof command !== "string") return undefined;
  const known = operationNames.get(command);
  if (known !== undefined) return known;
  const operation = COMMAND.test(command) ? command.toUpperCase() : undefined;
  if (operation !== undefined && operationNames.size < MAX_CACHED) {
    operationNames.set(command, operation);
  }
  return operation;
}

/** `GET`, `FT.SEARCH`, `RESTORE-ASKING`; not what somebody's key may look like. */
const COMMAND = /^[A-Za-z][A-Za-z_.-]{0,31}$/;

/** A connection and one of its databases. */
export class RedisTarget extends CallTarget {
  /** @param database the index */
  constructor(address: string | undefined, port: number | undefined, database: number) {
    super({ system: "redis", namespace: String(database), address, port });
  }
}

/**
 * `MULTI`, `PIPELINE`, with the command's name where all have the same one:
 * https://opentelemetry.io/docs/specs/semconv/database/redis/
 */
export function batchOperation(
  kind: "MULTI" | "PIPELINE",
  operations: readonly (string | undefined)[],
): string {
  const [first] = operations;
  const isUniform = first !== undefined && operations.every((operation) => operation === first);
  return isUniform ? `${kind} ${first}` : kind;
}

/** One command is no batch, say the conventions. */
export function batchDetails(size: number): (() => Attributes) | undefined {
  return size < 2 ? undefined : () => ({ "db.operation.batch.size": size });
}

/** Redis begins its errors with what kind they are: `WRONGTYPE Operation against a key …`. */
function describeRedisError(error: unknown): DatabaseFailure {
  if (!(error instanceof Error)) return describeError(error);
  const statusCode = /^([A-Z][A-Z0-9_]{2,31})(?: |$)/.exec(error.message)?.[1];
  if (statusCode === undefined) return describeError(error);
  return { ...describeError(error), type: statusCode, statusCode };
}
