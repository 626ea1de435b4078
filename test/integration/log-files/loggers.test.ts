import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";
import { type Line, readLines } from "./read-lines.ts";

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Nothing is sent. */
const filesOnly = { OTEL_LOGS_EXPORTER: "none", OTEL_TRACES_EXPORTER: "none", SENTRY_DSN: "" };

/** The fields of every line of the request. */
const common = {
  service: "warehouse",
  environment: "staging",
  trace_flags: "03",
  request_id: "r-81",
  user_id: "u-7",
  organization_id: "o-3",
};

describe("The lines of an app's loggers", () => {
  let receiver: Receiver;
  let folder: string;
  let logs: string;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => {
    receiver.clear();
    folder = mkdtempSync(join(tmpdir(), "telltale-log-lines-"));
    logs = join(folder, "missing", "logs");
  });
  afterEach(async () => {
    await Program.killAll();
    rmSync(folder, { recursive: true });
  });
  after(() => receiver.close());

  const run = async (
    file: string,
    options: {
      readonly node?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly args?: readonly string[];
      readonly early?: readonly string[];
    } = {},
  ): Promise<ProgramResult> => {
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${file}`, import.meta.url)),
      flags: [...(options.early ?? []), ...preload.import],
      ...(options.node !== undefined && { node: options.node }),
      args: options.args ?? [],
      env: {
        ...telemetryEnv(receiver),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        NODE_ENV: "staging",
        TELLTALE_LOG_DIR: logs,
        ...options.env,
      },
    });
    return program.ended;
  };

  for (const { name, path } of nodes) {
    it(`are in application.log with all ids, and errors in errors.log too, Node ${name}`, async () => {
      const { code, stderr } = await run("shop.mjs", { node: path });
      assert.deepEqual([code, stderr], [0, ""]);
      await receiver.settled();
      const [outside, ...inside] = await readLines(logs, "application");
      assert.deepEqual(
        { ...outside, timestamp: "" },
        {
          timestamp: "",
          level: "info",
          message: "outside",
          service: "warehouse",
          environment: "staging",
          logger: "pino",
        },
      );
      assert.deepEqual(
        inside.map(({ level, logger, message, order }) => [logger, level, message, order]),
        [
          ["pino", "info", "by pino", 12],
          ["winston", "warn", "by winston", 12],
          ["console", "info", "by console 12", undefined],
          ["pino", "error", "pino failed", undefined],
          ["winston", "error", "winston failed", undefined],
        ],
      );
      const [span] = receiver.spans.filter(({ kind }) => kind === "SERVER");
      for (const line of inside) {
        assert.deepEqual({ ...line, ...common, trace_id: span?.traceId }, line);
        assert.match(String(line["trace_id"]), TRACE_ID);
        assert.match(String(line["span_id"]), SPAN_ID);
        assert.ok(Math.abs(Date.parse(String(line["timestamp"])) - Date.now()) < 600_000);
      }
      const errors = await readLines(logs, "errors");
      assert.deepEqual(errors, inside.slice(-2));
      assert.deepEqual(errors.map(typeOf), ["TypeError", "RangeError"]);
      // They are sent as well.
      assert.equal(receiver.logs.length, 6);
    });
  }

  it("are in performance.log and security.log if they are of telltale's own loggers", async () => {
    const names = ["shop", "telltale/http", "telltale/performance", "telltale/security"];
    await run("scopes.mjs", { args: names, env: filesOnly });
    const loggers = async (file: string): Promise<readonly unknown[]> =>
      (await readLines(logs, file)).map(({ logger }) => logger);
    assert.deepEqual(await loggers("application"), ["shop"]);
    assert.deepEqual(await loggers("errors"), ["shop"]);
    assert.deepEqual(await loggers("performance"), ["telltale/http", "telltale/performance"]);
    assert.deepEqual(await loggers("security"), ["telltale/security"]);
  });

  it("are readable by the user and the group only, in a folder that is created", async () => {
    await run("shop.mjs", { env: { OTEL_LOGS_EXPORTER: "none" } });
    assert.deepEqual(readdirSync(logs).toSorted(), ["application.log", "errors.log"]);
    const modes = [logs, join(logs, "application.log"), join(logs, "errors.log")].map((path) =>
      (statSync(path).mode & 0o777).toString(8),
    );
    assert.deepEqual(modes, ["750", "640", "640"]);
  });

  for (const [end, code, signal] of [
    ["normally", 0, null],
    ["by process.exit", 3, null],
    ["by an uncaught exception", 1, null],
    ["by process.exit with lines of exit listeners", 0, null],
    ["by a signal that it sends itself", null, "SIGTERM"],
    ["by a signal in the middle of a write", null, "SIGTERM"],
    ["in a thread", 0, null],
  ] as const) {
    it(`are all in the files if the process ends ${end}`, async () => {
      const ended = await run("ends.mjs", {
        args: [end],
        env: filesOnly,
      });
      assert.deepEqual([ended.code, ended.signal], [code, signal], ended.stderr);
      const lines = await readLines(logs, "application");
      assert.deepEqual(
        lines.filter(({ logger }) => logger === "pino").map(({ line }) => line),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      );
    });
  }

  it("are written without write positions too, where /proc may not be read", async () => {
    const { code, stderr } = await run("ends.mjs", {
      args: ["normally"],
      early: [
        "--permission",
        `--allow-fs-read=${root}`,
        `--allow-fs-read=${folder}`,
        `--allow-fs-write=${folder}`,
      ],
      env: { ...filesOnly, OTEL_METRICS_EXPORTER: "none" },
    });
    assert.equal(code, 0, stderr);
    assert.equal((await readLines(logs, "application")).length, 10);
  });

  it("are in no file without TELLTALE_LOG_DIR", async () => {
    await run("shop.mjs", { env: { TELLTALE_LOG_DIR: "" } });
    assert.deepEqual(readdirSync(folder), []);
  });
});

function typeOf(line: Line): unknown {
  return line["exception.type"];
}
