import { maskIds } from "./ids.ts";

/** A command without what differs from call to call. */
export interface RedisFingerprint {
  /** Command and form of its key: `GET user:?`. */
  readonly text: string;
  /** In capitals. */
  readonly operation: string;
  readonly key: string | undefined;
}

/** Longer commands are truncated before they are read. */
const MAX_LENGTH = 1000;

/** @param command as it is typed into `redis-cli`: `GET user:1` */
export function redisFingerprint(command: string): RedisFingerprint {
  const [operation = "", key] = command.slice(0, MAX_LENGTH).trim().split(/\s+/, 2);
  const upper = operation.toUpperCase();
  const form = key === undefined || KEYLESS.has(upper) ? undefined : maskIds(unquoted(key));
  return { text: form === undefined ? upper : `${upper} ${form}`, operation: upper, key };
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, "");
}

/** Commands whose first argument is no key. */
const KEYLESS = new Set([
  "EVAL",
  "EVALSHA",
  "EVAL_RO",
  "EVALSHA_RO",
  "FCALL",
  "FCALL_RO",
  "PING",
  "ECHO",
]);

const set = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Commands that read one key, and so could be sent together. */
export const redisReads: ReadonlySet<string> = set(
  "GET HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS EXISTS TTL PTTL TYPE STRLEN GETRANGE GETBIT " +
    "SMEMBERS SISMEMBER SMISMEMBER SCARD SRANDMEMBER ZSCORE ZMSCORE ZRANGE ZREVRANGE ZRANGEBYSCORE " +
    "ZREVRANGEBYSCORE ZRANGEBYLEX ZCARD ZCOUNT ZRANK ZREVRANK LRANGE LLEN LINDEX XRANGE XREVRANGE " +
    "XLEN GEOPOS GEODIST PFCOUNT JSON.GET MGET SINTER SUNION BITCOUNT",
);

/** Commands that write, and so could be sent together. */
export const redisWrites: ReadonlySet<string> = set(
  "SET SETEX PSETEX SETNX GETSET GETDEL GETEX APPEND DEL UNLINK INCR INCRBY INCRBYFLOAT DECR DECRBY " +
    "EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST RENAME HSET HMSET HSETNX HDEL HINCRBY HINCRBYFLOAT " +
    "SADD SREM SPOP SMOVE ZADD ZREM ZINCRBY ZREMRANGEBYSCORE ZREMRANGEBYRANK LPUSH RPUSH LPOP RPOP " +
    "LREM LSET LTRIM XADD XDEL XACK XTRIM GEOADD PFADD SETBIT SETRANGE MSET JSON.SET JSON.DEL PUBLISH",
);
