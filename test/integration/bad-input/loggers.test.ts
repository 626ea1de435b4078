import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { preload, Program } from "../program.ts";
import { isDocumentedMessage } from "./documented-messages.ts";

interface LoggerRow {
  /** A case of `loggers.mjs`. */
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** The one line on stderr, without `telltale: `; undefined: none. */
  readonly message?: string;
  /** The messages of the lines on stdout. */
  readonly lines?: readonly string[];
  readonly printed?: string;
}

const NPM_LEVELS = "error, warn, info, http, verbose, debug, silly";

const rows: readonly LoggerRow[] = [
  {
    name: "no name",
    message:
      "createLogger: received an empty name, expected the name of a logger, such as api.cache; using app",
    lines: ["unnamed", "sound"],
  },
  {
    name: "a name that is a number",
    message:
      "createLogger: received number, expected the name of a logger, such as api.cache; using app",
    lines: ["unnamed", "sound"],
  },
  {
    name: "an unknown level of a logger",
    message: `the level of logger api: received loud, expected one of ${NPM_LEVELS}, none; it stays info`,
  },
  {
    name: "an unknown level of a line",
    message: `logger api: received a line of level loud, expected one of ${NPM_LEVELS}; it is written as info`,
    lines: ["shouted", "sound"],
  },
  {
    name: "a logger that has ended",
    message: "logger ended has ended: its lines are not written",
  },
  {
    name: "an unknown level at run time",
    message:
      'setLogLevel received the level "loud", expected one of none, fatal, error, warn, info, http, verbose, debug, silly, trace; no level is changed',
  },
  {
    name: "a time that is none",
    message:
      "setLogLevel received the time -1, expected milliseconds from 1 to 2147483647; no level is changed",
  },
  {
    name: "a duration that is a text",
    message:
      "logPerformance expects the name of an operation and its duration in seconds, a number of 0 or more; the call is ignored",
  },
  { name: "an operation without a name", printed: "7" },
  {
    name: "a security event without a name",
    message: "logSecurityEvent expects the name of an event; the call is ignored",
  },
  {
    name: "an unknown severity",
    message:
      "logSecurityEvent expects a severity of low, medium, high, critical; low is used instead",
  },
  {
    name: "no bad input",
    env: { TELLTALE_LOG_LEVELS: "api=loud,*=info" },
    message:
      'TELLTALE_LOG_LEVELS: received "api=loud", expected logger=level with one of the levels none, fatal, error, warn, info, http, verbose, debug, silly, trace; using the other entries',
  },
  {
    name: "no bad input",
    env: { TELLTALE_LOG_FORMAT: "xml" },
    message:
      'TELLTALE_LOG_FORMAT: received "xml", expected json or text; using text on a terminal and with NODE_ENV=development, json otherwise and with NODE_ENV=production',
  },
  {
    name: "no bad input",
    env: { NODE_ENV: "production" },
    flags: [],
    message:
      "telltale/logger is used without the preload, so its lines have no trace and request ids; start Node with --import telltale/register, or set OTEL_SDK_DISABLED=true if this is on purpose",
  },
];

const quiet = {
  NODE_ENV: "test",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_EXPORTER_PROMETHEUS_PORT: "0",
};

describe("Bad input of loggers and events", () => {
  const file = fileURLToPath(new URL("loggers.mjs", import.meta.url));
  for (const { name, env, flags = preload.import, message, lines = ["sound"], printed } of rows) {
    const setting = env === undefined ? "the defaults" : JSON.stringify(env);
    it(`is one line on stderr that is in docs/troubleshooting.md, and logging goes on: ${name}, ${setting}`, async () => {
      const program = new Program({ file, flags, args: [name], env: { ...quiet, ...env } });
      const { code, stdout, stderr } = await program.ended;
      assert.equal(stderr, message === undefined ? "" : `telltale: ${message}\n`);
      if (message !== undefined) assert.ok(isDocumentedMessage(message), message);
      assert.equal(code, 0);
      const [own, written] = [[] as string[], [] as unknown[]];
      for (const line of stdout.trim().split("\n")) {
        if (line.startsWith("{")) written.push((JSON.parse(line) as { message: unknown }).message);
        else own.push(line);
      }
      assert.deepEqual([written, own], [lines, printed === undefined ? [] : [printed]]);
    });
  }
});
