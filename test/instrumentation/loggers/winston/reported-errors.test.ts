import assert from "node:assert/strict";
import { TelltaleLoggerProvider } from "../../../../src/logs/logger.ts";
import { resource } from "../../../export/telemetry.ts";
import { redactor } from "../../../redaction/default-redactor.ts";
import { inRequest, logIdsOf } from "../../../logs/requests.ts";
import {
  loadFreshWinston,
  patch,
  recordingTransport,
  transportOf,
  type Winston,
} from "./winston-copy.ts";

interface Captured {
  readonly error: object;
  readonly body: unknown;
  readonly requestId: string | undefined;
}

interface Patched {
  readonly winston: typeof Winston;
  readonly captured: Captured[];
  /** Messages of all lines. */
  readonly added: unknown[];
}

/** Loads winston, whose lines are for Sentry only. */
function loadWinston(): Patched {
  const winston = loadFreshWinston();
  const captured: Captured[] = [];
  const added: unknown[] = [];
  const limits = { attributeCount: 128, attributeLength: Infinity };
  const provider = new TelltaleLoggerProvider(
    { resource, limits, redactor },
    undefined,
    undefined,
    {
      addRecord: (source) => added.push(source.toRecord().body),
      captureError: (error, { body }, { unit }) => {
        captured.push({ error, body, requestId: unit?.requestId });
        return undefined;
      },
    },
  );
  patch(winston, provider);
  return { winston, captured, added };
}

type Write = (logger: Winston.Logger, error: Error) => unknown;

describe("The error of a winston line", () => {
  const error = new TypeError("no stock");
  const other = new Error("other");
  const { format } = loadFreshWinston();
  const formats: readonly (readonly [string, Winston.Logform.Format])[] = [
    ["json()", format.json()],
    ["errors() and json()", format.combine(format.errors({ stack: true }), format.json())],
    ["simple()", format.simple()],
    ["splat() and simple()", format.combine(format.splat(), format.simple())],
    ["printf", format.printf(({ message }) => String(message))],
    [
      "a format that replaces errors",
      format.combine(
        format((info) => {
          for (const [key, value] of Object.entries(info))
            if (value instanceof Error) info[key] = value.message;
          return info;
        })(),
        format.json(),
      ),
    ],
  ];
  const calls: readonly (readonly [string, Write])[] = [
    ["is the message", (logger, one) => logger.error(one)],
    ["is the argument after the message", (logger, one) => logger.error("failed", one)],
    ["is the field err", (logger, one) => logger.error("failed", { err: one })],
    ["is the field error", (logger, one) => logger.error("failed", { a: 1, error: one })],
    ["is a later argument", (logger, one) => logger.error("failed %s", "twice", one)],
    ["is passed to log()", (logger, one) => logger.log("error", one as never)],
    ["is in an object", (logger, one) => logger.log({ level: "error", message: "failed", e: one })],
    ["is the first of two", (logger, one) => logger.error("failed", { one, other })],
    ["is passed to a child", (logger, one) => logger.child({ a: 1 }).error(one)],
    ["is passed to a child's child", (logger, one) => logger.child({}).child({ b: 2 }).error(one)],
    ["is an argument of a child", (logger, one) => logger.child({ a: 1 }).error("failed", one)],
  ];
  for (const [formatName, lineFormat] of formats) {
    for (const [title, write] of calls) {
      it(`is captured if it ${title}, with ${formatName}`, () => {
        const { winston, captured, added } = loadWinston();
        const { transport } = recordingTransport(winston);
        const logger = winston.createLogger({ format: lineFormat, transports: transport });
        // Winston writes to errors that it logs.
        const one = Object.assign(new TypeError(error.message), {});
        inRequest(1, () => write(logger, one));
        write(logger, one);
        assert.deepEqual(
          captured.map(({ error: found, requestId }) => [found === one, requestId]),
          [
            [true, logIdsOf(1).request_id],
            [true, undefined],
          ],
        );
        assert.equal(added.length, 2);
      });
    }
  }

  const others: readonly (readonly [string, Write])[] = [
    ["below the level", (logger, one) => logger.warn("failed", one)],
    ["that is no error", (logger) => logger.error("failed", { error: { message: "x" } })],
    ["that is none at all", (logger) => logger.error("failed")],
  ];
  for (const [title, write] of others) {
    it(`is not captured ${title}`, () => {
      const { winston, captured, added } = loadWinston();
      const { transport } = recordingTransport(winston);
      write(winston.createLogger({ transports: transport }), error);
      assert.equal(captured.length, 0);
      assert.equal(added.length, 1);
    });
  }

  it("is not captured if no transport takes the line", () => {
    const { winston, captured } = loadWinston();
    const { transport } = recordingTransport(winston, { silent: true });
    const quiet = winston.createLogger({ transports: transport });
    const rejecting = winston.createLogger({
      format: winston.format(() => false)(),
      transports: recordingTransport(winston).transport,
    });
    for (const logger of [quiet, rejecting]) logger.error(new Error("unseen"));
    assert.equal(captured.length, 0);
  });

  it("is captured at levels that are as severe", () => {
    const { winston, captured } = loadWinston();
    const { levels } = winston.config.syslog;
    const { transport } = recordingTransport(winston);
    const logger = winston.createLogger({ levels, level: "debug", transports: transport });
    for (const level of Object.keys(levels)) logger.log(level, "failed", { err: new Error(level) });
    assert.deepEqual(
      captured.map((one) => (one.error as Error).message),
      ["emerg", "alert", "crit", "error"],
    );
  });

  it("is captured once if another logger reads the line", () => {
    const { winston, captured } = loadWinston();
    const inner = winston.createLogger({ transports: recordingTransport(winston).transport });
    const outer = winston.createLogger({
      transports: [recordingTransport(winston).transport, inner],
    });
    outer.error("failed", error);
    assert.equal(captured.length, 1);
  });

  it("is captured in the context of its call, also if the logger is busy", async () => {
    const { winston, captured } = loadWinston();
    const waiting: (() => void)[] = [];
    const transport = transportOf(winston, { highWaterMark: 1 }, (_info, next) => {
      waiting.push(next);
    });
    const logger = winston.createLogger({ transports: transport });
    for (let request = 0; request < 40; request++) {
      inRequest(request, () => logger.error("failed", new Error(String(request))));
    }
    assert.ok(captured.length < 40, "the logger is busy");
    while (captured.length < 40) {
      waiting.shift()?.();
      await new Promise(setImmediate);
    }
    for (const { error: found, requestId } of captured)
      assert.equal(requestId, logIdsOf(Number((found as Error).message)).request_id);
  });

  it("of one line is not taken for that of another one within its format", () => {
    const { winston, captured } = loadWinston();
    const { transport } = recordingTransport(winston);
    const inner = winston.createLogger({ transports: recordingTransport(winston).transport });
    const nested = winston.format((info) => {
      inner.error("inner");
      return info;
    });
    const logger = winston.createLogger({ format: nested(), transports: transport });
    logger.child({}).error(error);
    assert.deepEqual(
      captured.map((one) => one.error),
      [error],
    );
  });
});
