import type { ExpectedStoreSpan, Step } from "./expected-call.ts";

function call(operation: string, more: object = {}, database = "0"): ExpectedStoreSpan {
  const attributes = {
    "db.system.name": "redis",
    "db.namespace": database,
    "db.operation.name": operation,
    ...more,
  };
  return { name: operation, attributes };
}

function failing(
  operation: string,
  code: string,
  message: string,
  more: object = {},
): ExpectedStoreSpan {
  const failure = { "error.type": code, "db.response.status_code": code };
  return { ...call(operation, { ...more, ...failure }), error: message };
}

const WRONG = "WRONGTYPE Operation against a key holding the wrong kind of value";
const TWO = { "db.operation.batch.size": 2 };

/** Steps of both clients. */
const steps: readonly Step[] = [
  { step: "set", calls: [call("SET")] },
  { step: "get", calls: [call("GET"), call("GET")] },
  { step: "mget", calls: [call("MGET")] },
  { step: "pipeline", calls: [call("PIPELINE", TWO)] },
  { step: "uniform", calls: [call("PIPELINE GET", TWO)] },
  { step: "multi", calls: [call("MULTI", TWO)] },
  { step: "failing", calls: [failing("LPUSH", "WRONGTYPE", WRONG)] },
  { step: "select", calls: [call("SELECT"), call("GET", {}, "1"), call("SELECT", {}, "1")] },
  { step: "parallel", calls: [call("GET"), call("EXISTS"), call("TTL")] },
];

const unknown: Step = {
  step: "unknown",
  calls: [failing("NONSENSE", "ERR", "ERR unknown command ?")],
};

/** The error message of a script is the app's text. */
const script: Step = { step: "script", calls: [failing("EVAL", "ERR", "?")] };

/** Steps with callbacks: each command of a batch or a transaction has a span. */
export const callbackSteps: readonly Step[] = [
  ...steps.filter(({ step }) => !["pipeline", "uniform", "multi"].includes(step)),
  { step: "batch", calls: [call("SET"), call("GET")] },
  { step: "multi", calls: [call("MULTI"), call("SET"), call("INCR"), call("EXEC")] },
  { step: "unheard", calls: [failing("LPUSH", "WRONGTYPE", WRONG)] },
  unknown,
  script,
];

export const clusterSteps: readonly Step[] = [
  { step: "connecting", calls: [call("GET")] },
  { step: "set", calls: [call("SET")] },
  { step: "get", calls: [call("GET"), call("GET")] },
];

export const nodeRedisSteps: readonly Step[] = [
  ...steps,
  // The app closes its client, which is no error.
  { step: "givenUp", calls: [call("BLPOP"), call("PING")] },
  unknown,
  script,
  { step: "batch", calls: [failing("MULTI", "WRONGTYPE", WRONG, TWO)] },
];

/** Steps with a pool, which versions from 5 on have. In 5.0.0 a failing task ends the process. */
export function redisPoolSteps(installed: string): readonly Step[] {
  return [
    { step: "pooled", calls: [call("GET"), call("GET")] },
    ...(installed === "redis5"
      ? []
      : [{ step: "poolFailing", calls: [failing("LPUSH", "WRONGTYPE", WRONG)] }]),
    { step: "exhausted", calls: [] },
  ];
}

/**
 * Commands of an automatic pipeline have a span each, those of the app's own
 * pipeline share one.
 */
const together: Step = {
  step: "together",
  calls: [
    ...[call("GET"), call("SET"), failing("LPUSH", "WRONGTYPE", WRONG)],
    ...[call("GET"), call("PIPELINE GET", TWO)],
  ],
};

/** @param installed old versions cannot send unknown commands */
export function ioredisSteps(installed: string): readonly Step[] {
  const knowsCall = !["ioredis2", "ioredis4"].includes(installed);
  return [
    ...steps,
    ...(knowsCall ? [unknown] : []),
    script,
    { step: "batch", calls: [failing("PIPELINE", "WRONGTYPE", WRONG, TWO)] },
    { step: "callback", calls: [call("GET"), call("STRLEN")] },
    { step: "connecting", calls: [call("GET", {}, "1")] },
    ...(knowsCall ? [together] : []),
  ];
}
