import type { Attributes, Context, Span } from "@opentelemetry/api";
import type { AdaptorDeps } from "../../loading/adaptor.ts";
import { CallTarget } from "../../database-client/call-target.ts";
import {
  type DatabaseCall,
  DatabaseCalls,
  type DatabaseCallsOptions,
} from "../../database-client/database-call.ts";
import { describeError, type DatabaseFailure } from "../../database-client/database-failure.ts";

/** Records the commands and replies of `redis` and `ioredis`. */
export interface RedisCalls {
  readonly database: DatabaseCalls;
  readonly replies: ReplyListener;
}

/** Creates the calls for one version of one of the libraries. */
export function redisCalls(
  deps: AdaptorDeps,
  options: Omit<DatabaseCallsOptions, "describe">,
): RedisCalls {
  const database = new DatabaseCalls(deps, { ...options, describe: describeRedisError });
  return { database, replies: countReplies(deps, database) };
}

/** Receives the replies to read commands, after the call's end. */
interface ReplyListener {
  /**
   * Ignores commands that read nothing.
   *
   * @param reply null, a value, or an array of them
   * @param target attributes of the target; shared, so do not change them
   */
  replied(
    operation: string | undefined,
    reply: unknown,
    target: Attributes,
    call: { readonly context: Context; readonly span: Span | undefined },
  ): void;
}

/** Counts reads as cache lookups: hits and misses by server and database. */
function countReplies({ caches }: AdaptorDeps, { recorder }: DatabaseCalls): ReplyListener {
  const names = new WeakMap<Attributes, string>();
  return {
    replied(operation, reply, target, { context, span }) {
      if (!isRead(operation)) return;
      const values = operation === "MGET" && Array.isArray(reply) ? reply : [reply];
      const hits = values.filter((value) => value !== null && value !== undefined).length;
      const name = names.get(target) ?? cacheName(target);
      names.set(target, name);
      caches().recordLookups(name, hits, values.length - hits, context);
      recorder?.lookup(span, hits === values.length);
    },
  };
}

/** Returns `redis 127.0.0.1:6379/0`. */
function cacheName(target: Attributes): string {
  const { "server.address": address, "server.port": port, "db.namespace": database } = target;
  const server = typeof port === "number" ? `${String(address)}:${port}` : String(address);
  return `redis ${server}/${String(database)}`;
}

/** Whether the command is counted as a cache lookup. */
function isRead(operation: string | undefined): operation is string {
  return operation === "GET" || operation === "MGET";
}

const MAX_CACHED = 500;
const operationNames = new Map<string, string | undefined>();

/**
 * Returns the command in upper case, as Redis documents it, so that all clients
 * have the same names (their methods are in lower case); undefined for anything
 * that is no command.
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

/** `GET`, `FT.SEARCH`, `RESTORE-ASKING`; nothing that looks like a key. */
const COMMAND = /^[A-Za-z][A-Za-z_.-]{0,31}$/;

/** A connection and one of its databases. */
export class RedisTarget extends CallTarget {
  /** @param database index of the database */
  constructor(address: string | undefined, port: number | undefined, database: number) {
    super({ system: "redis", namespace: String(database), address, port });
  }
}

/** Starts the call of a pipeline or transaction; `MULTI` and `EXEC` are no commands of it. */
export function startBatch(
  { database }: RedisCalls,
  target: RedisTarget,
  kind: "MULTI" | "PIPELINE",
  commands: readonly (string | undefined)[],
): DatabaseCall {
  const operations = commands.filter((command) => command !== "MULTI" && command !== "EXEC");
  const operation = batchOperation(kind, operations);
  const details = batchDetails(operations.length);
  return database.start(operation, target.attributesOf(operation), details);
}

/**
 * Returns `MULTI` or `PIPELINE`, followed by the command's name if all commands
 * have the same one:
 * https://opentelemetry.io/docs/specs/semconv/database/redis/
 */
function batchOperation(
  kind: "MULTI" | "PIPELINE",
  operations: readonly (string | undefined)[],
): string {
  const [first] = operations;
  const isUniform = first !== undefined && operations.every((operation) => operation === first);
  return isUniform ? `${kind} ${first}` : kind;
}

/** Returns the batch size; a single command is no batch by the semantic conventions. */
function batchDetails(size: number): (() => Attributes) | undefined {
  return size < 2 ? undefined : () => ({ "db.operation.batch.size": size });
}

/** Describes an error by the prefix of its message: `WRONGTYPE Operation against a key …`. */
function describeRedisError(error: unknown): DatabaseFailure {
  if (!(error instanceof Error)) return describeError(error);
  const statusCode = /^([A-Z][A-Z0-9_]{2,31})(?: |$)/.exec(error.message)?.[1];
  if (statusCode === undefined) return describeError(error);
  return { ...describeError(error), type: statusCode, statusCode };
}
