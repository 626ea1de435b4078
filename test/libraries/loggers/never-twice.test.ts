import assert from "node:assert/strict";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { linesIn, type LoggerRun, runLogger, serverSpanAt } from "./run.ts";

describe("A pino line", () => {
  for (const [moduleSystem, app] of [
    ["esm", "pino-streams.mjs"],
    ["cjs", "pino-streams.cjs"],
  ] as const) {
    it(`is recorded once with any streams and transports, in ${moduleSystem}`, async () => {
      const run = await runLogger(app, { args: ["pino"] });
      assert.equal(run.code, 0, run.stderr);
      assert.deepEqual(
        run.logs.map((record) => `${record.scope.name}: ${bodyOf(record)}`),
        [
          "pino: console stream",
          "pino: console of a message",
          "pino: pretty stream",
          "pino: pretty thread",
          "pino: console thread",
          "pino: multistream",
          "console: console itself",
        ],
      );
      const { traceId } = serverSpanAt(run, "/");
      assert.deepEqual(new Set(run.logs.map((log) => log.traceId)), new Set([traceId]));
      const shown = ["console stream", "console thread", "multistream"];
      const lines = linesIn(run.stdout);
      assert.deepEqual(lines.map(({ msg }) => String(msg)).toSorted(byText), shown);
      assert.deepEqual(new Set(lines.map((line) => line["trace_id"])), new Set([traceId]));
      assert.equal(run.stdout.match(/pretty (stream|thread)/g)?.length, 2);
      // Three streams print JSON and two print prettily.
      assert.equal(run.stdout.split(traceId).length - 1, 5);
    });
  }

  it("is recorded once, with the ids of its request, if Fastify writes it", async () => {
    const run = await runLogger("fastify.mjs");
    const lines = linesIn(run.stdout);
    assert.equal(lines.length, 12);
    assert.deepEqual(
      run.logs.map(({ body, traceId, spanId }) => [body, traceId, spanId]),
      lines.map(({ msg, trace_id: traceId = "", span_id: spanId = "" }) => [msg, traceId, spanId]),
    );
    for (const path of ["/items/1", "/items/2", "/broken"]) {
      const { traceId } = serverSpanAt(run, path);
      const own = lines.filter((line) => line["trace_id"] === traceId).map(({ msg }) => msg);
      assert.equal(own.length, path === "/broken" ? 3 : 4, path);
      assert.equal(own.at(-1), "request completed");
    }
    const failed = run.logs.find(({ severityText }) => severityText === "error");
    assert.equal(failed?.attributes["exception.type"], "RangeError");
    assert.deepEqual(failed?.attributes["res"], { statusCode: 500 });
  });
});

/** The number of records: ten of the console, four of winston. */
const RECORDS = 14;

describe("Console output of an app", () => {
  let run: LoggerRun;
  let bare: LoggerRun;
  before(async () => {
    [run, bare] = await Promise.all([
      runLogger("console.mjs"),
      runLogger("console.mjs", { bare: true }),
    ]);
  });

  it("is the same as without telltale", () => {
    assert.equal(run.code, 0);
    assert.equal(stripIds(run.stdout), bare.stdout);
    assert.deepEqual(ownFrames(run.stderr), ownFrames(bare.stderr));
    assert.match(run.stderr, /Trace: here\n {4}at Server.<anonymous> \(.*console\.mjs:/);
  });

  it("has a record for each line, with severity, exception and trace", () => {
    const { traceId, spanId, attributes } = serverSpanAt(run, "/");
    const records = run.logs.filter(({ scope }) => scope.name === "console");
    assert.deepEqual(
      records.map((record) => [record.severityText, record.severityNumber, bodyOf(record)]),
      [
        ["log", 9, "plain"],
        ["log", 9, "shelf has 3 { of: 'cups' }"],
        ["info", 9, "{ item: 'cup', inner: { deep: [ 1, 2 ] } }"],
        ["debug", 5, "red"],
        ["warn", 13, "low"],
        ["error", 17, "failed: RangeError: no cup left"],
        ["log", 9, "┌─────────┬─────┐"],
        ["warn", 13, "Assertion failed: a cup is missing"],
        ["dir", 9, "{ a: [Object] }"],
        ["trace", 1, "Trace: here"],
      ],
    );
    for (const record of records) {
      assert.deepEqual([record.traceId, record.spanId], [traceId, spanId]);
      assert.equal(record.attributes["telltale.request.id"], attributes["telltale.request.id"]);
    }
    assert.equal(records[5]?.attributes["exception.type"], "E_STOCK");
    assert.equal(records[5]?.attributes["exception.message"], "no cup left");
  });

  it("is recorded outside of requests too with TELLTALE_CONSOLE_LOGS=all", async () => {
    const all = await runLogger("console.mjs", { env: { TELLTALE_CONSOLE_LOGS: "all" } });
    const { traceId, attributes, severityText } =
      all.logs.find(({ body }) => body === "closed") ?? {};
    assert.deepEqual([traceId, attributes, severityText], ["", {}, "log"]);
    assert.equal(all.logs.length, RECORDS + 1);
  });

  it("is recorded once if winston writes it", () => {
    const records = run.logs.filter(({ scope }) => scope.name === "winston");
    assert.deepEqual(
      records.map(({ body }) => body),
      ["from winston", "busy 1", "busy 2", "busy 3"],
    );
  });

  it("is not recorded if the instrumentation console is disabled, or logs are", async () => {
    const [off, none] = await Promise.all([
      runLogger("console.mjs", {
        env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console" },
      }),
      runLogger("console.mjs", { env: { OTEL_LOGS_EXPORTER: "none" } }),
    ]);
    assert.deepEqual(new Set(off.logs.map(({ scope }) => scope.name)), new Set(["winston"]));
    assert.equal(none.logs.length, 0);
    assert.equal(stripIds(off.stdout), bare.stdout);
    assert.equal(stripIds(none.stdout), bare.stdout);
  });

  it("is printed only once more with the console exporter", async () => {
    const printed = await runLogger("console.mjs", {
      env: { OTEL_LOGS_EXPORTER: "console,otlp" },
    });
    assert.equal(printed.logs.length, RECORDS);
    assert.equal(printed.stdout.match(/severityNumber:/g)?.length, RECORDS);
  });
});

function byText(a: string, b: string): number {
  return a.localeCompare(b);
}

/** Returns the first line of a record's body. */
function bodyOf({ body }: ReceivedLog): string {
  return typeof body === "string" ? (body.split("\n")[0] ?? "") : "";
}

/** Removes the ids that winston's lines have by design. */
function stripIds(stdout: string): string {
  return stdout.replaceAll(/ \{"request_id".*?\}$/gm, "");
}

/** Removes the frames below the app's, which include telltale's caller of its request listener. */
function ownFrames(stderr: string): string[] {
  return stderr.split("\n").filter((line) => !/^ +at /.test(line) || line.includes("console.mjs"));
}
