import { setTimeout as pause } from "node:timers/promises";
import vm from "node:vm";
import { captureException } from "telltale";

/*
 * What the apps of the tests throw, and the handlers that throw it, for every library.
 * The names are those of `values.ts` and `places.ts`.
 */

/** A getter or a trap that throws, as in an error of a broken library. */
const boom = () => {
  throw new Error("a trap threw");
};

/** Functions that create the values. */
export const makers = {
  error: () => new Error("failed error"),
  status503: () => withStatus(new Error("failed status503"), 503),
  // The form of the errors of `http-errors`.
  status404: () => withStatus(new Error("failed status404"), 404),
  econnreset: () => Object.assign(new Error("failed econnreset"), { code: "ECONNRESET" }),
  abort: () => new DOMException("failed abort", "AbortError"),
  aggregate: () =>
    new AggregateError([new Error("first"), new TypeError("second")], "failed aggregate"),
  cause: () => new Error("failed cause", { cause: new TypeError("the cause") }),
  deep: () => {
    let error = new Error("the cause");
    for (let depth = 0; depth < 20; depth++) error = new Error("failed deep", { cause: error });
    return error;
  },
  circular: () => {
    const error = new Error("failed circular");
    error.cause = new Error("the cause", { cause: error });
    return error;
  },
  realm: () => vm.runInNewContext('new RangeError("failed realm")'),
  frozen: () => Object.freeze(new Error("failed frozen")),
  getters: () => {
    const error = new Error("failed getters");
    for (const name of ["message", "stack"]) Object.defineProperty(error, name, { get: boom });
    return error;
  },
  proxy: () =>
    new Proxy(new Error("failed proxy"), {
      get: boom,
      has: boom,
      getPrototypeOf: boom,
      ownKeys: boom,
      getOwnPropertyDescriptor: boom,
      defineProperty: boom,
    }),
  huge: () => new Error(`failed huge ${"x".repeat(3_000_000)}`),
  string: () => "failed string",
  empty: () => "",
  number: () => 7,
  zero: () => 0,
  bigint: () => 7n,
  false: () => false,
  symbol: () => Symbol("failed symbol"),
  null: () => null,
  undefined: () => undefined,
  object: () => ({ reason: "failed object" }),
  array: () => ["failed array"],
  function: () => function failed() {},
};

/** Returns a value that is about to be thrown. The test waits for the line where no response follows. */
export function thrown(name, place) {
  console.log(`throws ${place} ${name}`);
  return makers[name]();
}

/**
 * Handlers that fail, by the place of the error: functions of the value's name and of a
 * function that responds with a status.
 */
export const handlers = {
  sync: (name) => {
    throw thrown(name, "sync");
  },
  async: async (name) => {
    await pause(1);
    throw thrown(name, "async");
  },
  /** The app's error handler responds with 502. */
  handled: (name) => {
    throw thrown(name, "handled");
  },
  /** The handler itself responds. */
  caught: (name, respond) => {
    thrown(name, "caught");
    return respond(500);
  },
  /** The handler throws what it has captured, and a promise rejects with it that no code awaits. */
  captured: (name) => {
    const error = thrown(name, "captured");
    captureException(error);
    Promise.reject(error);
    throw error;
  },
  timer: (name, respond) => {
    setTimeout(() => {
      throw thrown(name, "timer");
    }, 1);
    return respond(200);
  },
  floating: (name, respond) => {
    void pause(1).then(() => {
      throw thrown(name, "floating");
    });
    return respond(200);
  },
};

function withStatus(error, status) {
  return Object.assign(error, { status, statusCode: status, expose: status < 500 });
}

/** With listeners of its own the app survives errors that reach the process, as many apps do. */
if (process.env.SURVIVES !== undefined) {
  for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, () => {});
}
